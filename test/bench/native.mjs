// Once requests over HTTP to a wrapper in C, called both ways, and beside it to the same in Python: in one run and in turn.
import { tsImport } from 'tsx/esm/api'
import { format, median, printHead, row } from './figures.mjs'
import { generator, load } from './load.mjs'
import { measure } from './once.mjs'
import { bodyFile, startDaemon } from './processes.mjs'

/** Prints a table: requests/s and latency of each by number of connections. */
export async function native({ seconds, rounds, connections }) {
  const { nativeEngine } = await tsImport('../helpers/native-engine.ts', import.meta.url)
  const engine = more => {
    return `[fc]\nmax = 256\n[aiges]\nwrapperLib = ${JSON.stringify(nativeEngine())}\n${more}`
  }
  const settings = { Python: '[fc]\nmax = 256\n', exec: engine(''), execAsync: engine('asyncMode = true\n') }
  const daemons = Object.entries(settings).map(([name, sections]) => {
    return { name, ...startDaemon('echo', sections, [], undefined, 'onlyLengths = 1\n') }
  })
  try {
    const targets = {}
    for (const { name, found } of daemons) targets[name] = `${(await found).http}/v1/svcName`
    console.log(
      `\nNative wrapper, once requests, ${generator}: median of ${rounds} rounds of ${seconds} s each, in turn`,
    )
    printHead(['connections', ...Object.keys(targets).flatMap(name => [`${name} requests/s`, 'p50 ms', 'p99 ms'])])
    for (const url of Object.values(targets)) load({ url, bodyFile, connections: 32, seconds: 3 })
    for (const count of connections) {
      const results = measure(targets, { connections: count, seconds, rounds })
      const cells = Object.values(results).flatMap(figures => {
        const of = figure => median(figures.map(result => result[figure]))
        return [format(of('rps')), format(of('p50'), 2), format(of('p99'), 2)]
      })
      console.log(row([count, ...cells]))
    }
  } finally {
    await Promise.all(daemons.map(daemon => daemon.stop()))
  }
}
