// `npm run bench`: prints Markdown tables; RESULTS.md keeps those worth keeping.
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { makeEnvironments } from '../helpers/python-environments.mjs'
import { idleSessions } from './idle-sessions.mjs'
import { native } from './native.mjs'
import { once } from './once.mjs'
import { overload } from './overload.mjs'
import { refusals } from './refusals.mjs'
import { starts } from './start.mjs'
import { streams } from './streams.mjs'

const parts = { start: starts, once, native, streams, idle: idleSessions, overload, refusals }

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1,8,64,128' },
    sessions: { type: 'string', default: '10000' },
  },
})

async function main() {
  const names = values.only.split(',')
  const unknown = names.find(name => !(name in parts))
  if (unknown !== undefined) throw new Error(`--only ${unknown}: allowed are ${Object.keys(parts).join(', ')}`)
  if (!makeEnvironments()) return 1
  const [{ model }] = cpus()
  console.log(`${model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`)
  const options = {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    connections: values.connections.split(',').map(Number),
    sessions: Number(values.sessions),
  }
  for (const name of names) await parts[name](options)
  return 0
}

process.exitCode = await main()
