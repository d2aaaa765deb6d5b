import { Account } from '../account.js'
import { createAseClient } from '../ase-client.js'
import type { ChaosRun } from '../chaos-run.js'
import { startChaosDaemon } from '../daemon.js'
import { inTurn } from '../load.js'

const REQUESTS = 1_000_000
const CLIENTS = 32

/** A million good requests; all are answered, and the daemon is no larger after them than after the first ten thousand. */
export const soak: ChaosRun = {
  name: 'soak',
  onlyLong: true,
  async play() {
    const account = new Account('soak', 1)
    const daemon = await startChaosDaemon({ aiges: { replicas: 2 } })
    const load = { at: daemon, frontEnd: createAseClient(CLIENTS), account }
    await inTurn(load, CLIENTS, REQUESTS)
    await daemon.end(account)
    return [account.close()]
  },
}
