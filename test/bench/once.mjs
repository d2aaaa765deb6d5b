// Once requests over HTTP: the daemon with an echo wrapper, and beside it a bare server that only parses and answers,
// both in one run and in turn, so that the ratio holds on a noisy machine.
import { join } from 'node:path'
import { format, median, printHead, row } from './figures.mjs'
import { generator, load } from './load.mjs'
import { bodyFile, root, start, startDaemon, stop } from './processes.mjs'

/** Prints a table: requests/s and latencies by number of connections. */
export async function once({ seconds, rounds, connections }) {
  const daemon = startDaemon('echo', '[fc]\nmax = 256\n')
  const script = join(root, 'test/bench/bare-server.mjs')
  const bare = start(process.execPath, [script], { cwd: root }, line => JSON.parse(line))
  try {
    const [{ http }, { port }] = await Promise.all([daemon.found, bare.found])
    const targets = { daemon: `${http}/v1/svcName`, bare: `http://127.0.0.1:${port}/v1/svcName` }
    console.log(`\nOnce requests, ${generator}: median of ${rounds} rounds of ${seconds} s each, in turn`)
    printHead(['connections', 'daemon requests/s', 'p50 ms', 'p99 ms', 'bare fastify requests/s', 'ratio'])
    for (const url of Object.values(targets)) load({ url, bodyFile, connections: 32, seconds: 3 })
    for (const count of connections) {
      const results = measure(targets, { connections: count, seconds, rounds })
      const of = (name, figure) => median(results[name].map(result => result[figure]))
      const ratio = median(results.daemon.map((result, round) => result.rps / results.bare[round].rps))
      const latencies = [format(of('daemon', 'p50'), 2), format(of('daemon', 'p99'), 2)]
      const cells = [count, format(of('daemon', 'rps')), ...latencies, format(of('bare', 'rps')), format(ratio, 2)]
      console.log(row(cells))
    }
  } finally {
    await Promise.all([daemon.stop(), stop(bare.child)])
  }
}

/** Loads each of the targets, an URL by its name, in turn; the results of each, by its name. */
export function measure(targets, { connections, seconds, rounds }) {
  const results = Object.fromEntries(Object.keys(targets).map(name => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, url] of Object.entries(targets)) {
      results[name].push(loadWithoutFailure(name, { url, bodyFile, connections, seconds }))
    }
  }
  return results
}

/** Like `load`. @throws Error when a request failed */
export function loadWithoutFailure(name, task) {
  const result = load(task)
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${name} failed`)
  return result
}
