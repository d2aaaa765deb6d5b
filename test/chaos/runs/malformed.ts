import { aseHttp } from '../../helpers/scenario-ase.js'
import { Account } from '../account.js'
import type { ChaosRun } from '../chaos-run.js'
import { type ChaosDaemon, startChaosDaemon } from '../daemon.js'
import type { Fuzzer } from '../fuzz/fuzzer.js'
import { fuzzHttp2, fuzzProtobuf } from '../fuzz/grpc.js'
import { fuzzHttp } from '../fuzz/http.js'
import { fuzzWebSocket } from '../fuzz/web-socket.js'
import { ask } from '../load.js'
import { openDescriptors, within } from '../processes.js'
import type { Random } from '../random.js'

/**
 * Each with its number of requests in the full form. Connections that are beyond repair are held until they have not
 * answered for a while, so that more of those at this speed would take every descriptor.
 */
const FUZZERS: readonly (readonly [Fuzzer, number])[] = [
  [fuzzHttp, 100_000],
  [fuzzWebSocket, 100_000],
  [fuzzProtobuf, 100_000],
  [fuzzHttp2, 10_000],
]
const REQUESTS_IN_SHORT = 200
const AT_ONCE = 8
const PATIENCE_MS = 60_000
/** Descriptors that come and go with the daemon's own work. */
const SPARE_DESCRIPTORS = 10
/** Between so many malformed requests a good one is sent, which has to be answered. */
const GOOD_EVERY = 20

/** Malformed requests over every front-end: each has an answer that names what is wrong, and good ones go on. */
export const malformed: readonly ChaosRun[] = FUZZERS.map(([fuzzer, count]) => ({
  name: fuzzer.name,
  async play({ random, short }) {
    const daemon = await startChaosDaemon({ aiges: { concurrency: 8, onceTimeoutMs: 5000 }, ws: { readTimeout: 1 } })
    const account = new Account(fuzzer.name)
    const before = openDescriptors(daemon.pid)
    await attack(fuzzer, daemon, account, random, short ? REQUESTS_IN_SHORT : count)
    if (daemon.plugins().length > 1) account.notes.push('the plugin did not survive what clients sent')
    // Nobody waits for that in short.
    const isFree = () => openDescriptors(daemon.pid) <= before + SPARE_DESCRIPTORS
    if (!short && !(await within(PATIENCE_MS, isFree))) account.notes.push('connections of clients that left are open')
    await daemon.end(account)
    return [account.close()]
  },
}))

async function attack(fuzzer: Fuzzer, daemon: ChaosDaemon, account: Account, random: Random, count: number) {
  const { send, close } = await fuzzer.prepare(daemon, random)
  let begun = 0
  const client = async () => {
    while (begun < count) {
      const number = ++begun
      await account.request(send)
      await daemon.measure(account)
      if (number % GOOD_EVERY !== 0) continue
      const good = await account.request(() => ask(daemon, aseHttp, { text: 'still there' }))
      if (good?.kind !== 'correct') account.notes.push(`a good request among them ended with ${JSON.stringify(good)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  close()
}
