// `npm run bench`: the daemon with an echo wrapper, and beside it a bare server that only parses and answers, both in
// one run and in turn, so that the ratio holds on a noisy machine. Prints a table; RESULTS.md keeps those worth keeping.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { interpreterOf, makeEnvironments } from '../helpers/python-environments.mjs'
import { generator, load } from './load.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bodyFile = join(root, 'test/conformance/golden/seed-request.json')
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1,8,64,128' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

/** Starts a program and resolves with what `find` makes of one of its lines. */
function start(command, args, options, find) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const found = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      const result = find(line)
      if (result !== undefined) resolve(result)
    })
    child.once('exit', code => reject(new Error(`${command} ${args.join(' ')} exited with ${code}`)))
  })
  return { child, found }
}

async function stop(child) {
  if (child.exitCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

function startDaemon(folder) {
  const config = join(folder, 'aiges.toml')
  writeFileSync(
    config,
    `[svcName]\nhost = "127.0.0.1"\nport = 0\n[wrapper]\nhttp_listen = "127.0.0.1:0"\n[fc]\nmax = 256\n` +
      `[log]\nlevel = "info"\nfile = "${join(folder, 'aiges.log')}"\n`,
  )
  const path = `${join(interpreterOf('bundled'), '..')}${delimiter}${process.env.PATH}`
  const options = { cwd: join(root, 'test/bench/echo'), env: { ...process.env, PATH: path } }
  return start(process.execPath, [join(root, 'dist/main.js'), '-m', '0', '-c', config], options, line => {
    const entry = line.startsWith('{') ? JSON.parse(line) : {}
    return entry.msg === 'ready' ? entry.http : undefined
  })
}

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const format = (number, digits = 0) =>
  number.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })

async function main() {
  if (!makeEnvironments()) return 1
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-bench-'))
  const daemon = startDaemon(folder)
  const bare = start(process.execPath, [join(root, 'test/bench/bare-server.mjs')], { cwd: root }, line =>
    JSON.parse(line),
  )
  try {
    const targets = {
      daemon: `${await daemon.found}/v1/svcName`,
      bare: `http://127.0.0.1:${(await bare.found).port}/v1/svcName`,
    }
    const [{ model }] = cpus()
    console.log(
      `${model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${generator}`,
    )
    console.log(`median of ${rounds} rounds of ${seconds} s each, in turn\n`)
    console.log('| connections | daemon requests/s | p50 ms | p99 ms | bare fastify requests/s | ratio |')
    console.log('| --- | --- | --- | --- | --- | --- |')
    for (const url of Object.values(targets)) load({ url, bodyFile, connections: 32, seconds: 3 })
    for (const connections of values.connections.split(',').map(Number)) {
      const results = { daemon: [], bare: [] }
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, url] of Object.entries(targets)) {
          const result = load({ url, bodyFile, connections, seconds })
          if (result.failed > 0) throw new Error(`${result.failed} requests to ${name} failed`)
          results[name].push(result)
        }
      }
      const of = (name, figure) => median(results[name].map(result => result[figure]))
      const ratio = median(results.daemon.map((result, round) => result.rps / results.bare[round].rps))
      const figures = [of('daemon', 'rps'), of('daemon', 'p50'), of('daemon', 'p99'), of('bare', 'rps'), ratio]
      const [rps, p50, p99, bareRps, share] = figures
      console.log(
        `| ${connections} | ${format(rps)} | ${format(p50, 2)} | ${format(p99, 2)} | ${format(bareRps)} | ${format(share, 2)} |`,
      )
    }
    return 0
  } finally {
    await Promise.all([stop(daemon.child), stop(bare.child)])
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
