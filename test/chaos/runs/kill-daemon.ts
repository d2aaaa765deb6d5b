import { setTimeout as delay } from 'node:timers/promises'
import { aseHttp, aseWebSocket } from '../../helpers/scenario-ase.js'
import type { FrontEnd } from '../../helpers/scenario-front-end.js'
import { Account } from '../account.js'
import type { ChaosRun, RunContext } from '../chaos-run.js'
import { type ChaosDaemon, countOrphans, startChaosDaemon } from '../daemon.js'
import { ask, inTurn } from '../load.js'

/** What a plugin may still live after its daemon was killed. */
const ORPHAN_LIMIT_MS = 2000
const PATIENT_LIMIT_MS = 15_000
/** The kill comes somewhere in this time after the requests began. */
const KILL_WITHIN_MS = 300

/** The daemon is killed while it works; nothing of it is left, and the next one starts on the same ports. */
export const killDaemon: ChaosRun = {
  name: 'daemon-killed',
  async play(context) {
    const account = new Account('daemon-killed')
    let ports = { http: 0, grpc: 0 }
    for (let round = 0; round < (context.short ? 2 : 20); round += 1) {
      const daemon = await startOn(ports)
      ports = { http: portOf(daemon.http), grpc: portOf(daemon.grpc) }
      await inTurn({ at: daemon, frontEnd: aseHttp, account }, 8, 100)
      await killed(daemon, account, context)
    }
    const last = await startOn(ports)
    await inTurn({ at: last, frontEnd: aseHttp, account }, 8, 100)
    await last.end(account)
    return [account.close()]
  },
}

async function killed(daemon: ChaosDaemon, account: Account, { random, short }: RunContext): Promise<void> {
  let dead = false
  // Once requests that come and go, and sessions that stay open, until the daemon is gone.
  const client = async (frontEnd: FrontEnd, fault: string) => {
    while (!dead) await account.request(() => untilKilled(daemon, frontEnd, fault, () => dead))
  }
  const clients = [
    ...Array.from({ length: 8 }, () => client(aseHttp, '')),
    ...Array.from({ length: 4 }, () => client(aseWebSocket, 'endless')),
  ]
  await delay(random.below(KILL_WITHIN_MS))
  dead = true
  daemon.process.child.kill('SIGKILL')
  await daemon.process.exited
  await countOrphans(daemon.mark, account, short ? PATIENT_LIMIT_MS : ORPHAN_LIMIT_MS)
  await Promise.all(clients)
}

async function untilKilled(daemon: ChaosDaemon, frontEnd: FrontEnd, fault: string, isDead: () => boolean) {
  try {
    return await ask(daemon, frontEnd, { text: 'until the end', fault })
  } catch (error) {
    if (isDead()) return { kind: 'cut' } as const
    throw error
  }
}

function startOn({ http, grpc }: { http: number; grpc: number }): Promise<ChaosDaemon> {
  return startChaosDaemon({
    svcName: { port: grpc },
    wrapper: { http_listen: `127.0.0.1:${http}` },
    aiges: { replicas: 2 },
  })
}

function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)?.[1])
}
