// `npm run test:chaos`: plays the named runs, prints what became of every request, and fails when the account is not right.
import { randomInt } from 'node:crypto'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Account, tableOf } from './account.js'
import type { ChaosRun } from './chaos-run.js'
import { createRandom } from './random.js'
import { describedRequests } from './runs/described-requests.js'
import { fullDisk } from './runs/full-disk.js'
import { harmedPlugins } from './runs/harmed-plugins.js'
import { killDaemon } from './runs/kill-daemon.js'
import { killedPlugins } from './runs/killed-plugins.js'
import { leavingClients } from './runs/leaving-clients.js'
import { malformed } from './runs/malformed.js'
import { malformedPlugin } from './runs/malformed-plugin.js'
import { soak } from './runs/soak.js'

const RUNS: readonly ChaosRun[] = [
  killedPlugins,
  harmedPlugins,
  killDaemon,
  fullDisk,
  leavingClients,
  ...malformed,
  describedRequests,
  malformedPlugin,
  soak,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: RUNS.map(({ name }) => name).join(',') },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
})

function chosen(name: string): ChaosRun {
  const run = RUNS.find(candidate => candidate.name === name)
  if (run === undefined) throw new Error(`--only ${name}: allowed are ${RUNS.map(({ name }) => name).join(', ')}`)
  return run
}

function chosenSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || seed >= 2 ** 32) throw new Error(`--seed ${text}: a whole number below 2^32 is expected`)
  return seed
}

async function main(): Promise<number> {
  const runs = values.only
    .split(',')
    .map(chosen)
    .filter(({ onlyLong }) => !(values.short && onlyLong))
  const seed = values.seed === undefined ? randomInt(2 ** 32) : chosenSeed(values.seed)
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; --seed ${seed}`)
  const accounts: Account[] = []
  for (const run of runs) {
    console.log(`\n${run.name} …`)
    // Each run begins with the seed itself, so that it does the same alone as among the others.
    const played = await run.play({ random: createRandom(seed), short: values.short })
    for (const account of played) for (const fault of account.faults()) console.error(`${account.name}: ${fault}`)
    accounts.push(...played)
  }
  console.log(`\n${tableOf(accounts)}`)
  return accounts.every(account => account.faults().length === 0) ? 0 : 1
}

process.exitCode = await main()
