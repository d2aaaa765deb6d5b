import { setTimeout as delay } from 'node:timers/promises'
import { Account } from '../account.js'
import { createAseClient } from '../ase-client.js'
import type { ChaosRun } from '../chaos-run.js'
import { startChaosDaemon } from '../daemon.js'
import { atRate } from '../load.js'

const REPLICAS = 2
const KILL_EVERY_MS = 1000

/** Both plugins are killed in turn, one a second, the next only when both are ready again; 99.9 % of the requests succeed. */
export const killedPlugins: ChaosRun = {
  name: 'plugins-killed',
  async play({ short }) {
    const seconds = short ? 5 : 60
    // In the short form the machine may be too busy for the full rate; then nothing is asked of it but that all is named.
    const account = new Account('plugins-killed', short ? 0 : 0.999)
    const daemon = await startChaosDaemon({ aiges: { replicas: REPLICAS } })
    await daemon.hasStarted(REPLICAS)
    const end = performance.now() + seconds * 1000
    const load = atRate({ at: daemon, frontEnd: createAseClient(64), account }, short ? 100 : 500, () => {
      return performance.now() > end
    })
    let kills = 0
    while (performance.now() < end) {
      // The older of the two that live.
      process.kill(daemon.plugins().at(-REPLICAS) as number, 'SIGKILL')
      kills += 1
      const [replaced] = await Promise.all([daemon.hasStarted(REPLICAS + kills), delay(KILL_EVERY_MS)])
      if (!replaced) account.notes.push('a killed plugin was not replaced')
      if (!replaced) break
    }
    await load
    await daemon.end(account)
    console.log(`${kills} plugins were killed`)
    return [account.close()]
  },
}
