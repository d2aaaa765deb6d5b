import { aseHttp } from '../../helpers/scenario-ase.js'
import { Account } from '../account.js'
import type { ChaosRun, RunContext } from '../chaos-run.js'
import { type ChaosDaemon, startChaosDaemon } from '../daemon.js'
import { ask, inTurn } from '../load.js'

interface Harm {
  readonly name: string
  /** Done while other requests are under way, by a request with this fault or by a signal to the plugin. */
  readonly fault?: string
  readonly signal?: 'SIGSTOP'
  /** The plugin has to be replaced; otherwise it must go on. */
  readonly replaced: boolean
  /** Keys of the section [aiges]. */
  readonly aiges?: Readonly<Record<string, number>>
}

const HARMS: readonly Harm[] = [
  { name: 'plugin frozen', signal: 'SIGSTOP', replaced: true },
  { name: 'plugin floods stdout', fault: 'flood', replaced: false },
  { name: 'plugin leaks', fault: 'leak', replaced: true, aiges: { recycleMemoryMiB: 160 } },
  { name: 'plugin sends garbage', fault: 'garbage', replaced: true },
  { name: 'plugin announces 4 GiB', fault: 'endless-frame', replaced: true },
  { name: 'plugin half-closes', fault: 'half-close', replaced: true },
]

/** What is done in the short form: the ways that do not need the daemon to wait for something. */
const SHORT: ReadonlySet<string> = new Set(['plugin sends garbage', 'plugin announces 4 GiB', 'plugin half-closes'])

/** How long a request may take; the daemon names a hung plugin's requests after it at the latest. */
const REQUEST_LIMIT_MS = 5000

/** One of two plugins does harm to itself or to the stream, under load; requests go on and it is replaced. */
export const harmedPlugins: ChaosRun = {
  name: 'plugins-harmed',
  async play(context) {
    const accounts: Account[] = []
    for (const harm of HARMS) {
      if (!context.short || SHORT.has(harm.name)) accounts.push(await suffered(harm, context))
    }
    return accounts
  },
}

async function suffered(harm: Harm, { short }: RunContext): Promise<Account> {
  const account = new Account(harm.name)
  const daemon = await startChaosDaemon({ aiges: { replicas: 2, onceTimeoutMs: REQUEST_LIMIT_MS, ...harm.aiges } })
  await daemon.hasStarted(2)
  const load = { at: daemon, frontEnd: aseHttp, account }
  const others = inTurn(load, 8, short ? 400 : 4000)
  for (let times = 1; times <= (short ? 1 : 3); times += 1) await harmed(daemon, harm, account, 2 + times)
  await others
  await inTurn(load, 8, 200)
  await daemon.end(account)
  return account.close()
}

/** @param plugins how many have become ready once this one is replaced */
async function harmed(daemon: ChaosDaemon, harm: Harm, account: Account, plugins: number): Promise<void> {
  if (harm.signal) process.kill(daemon.plugins().at(-1) as number, harm.signal)
  const { fault } = harm
  if (fault) await account.request(() => ask(daemon, aseHttp, { text: 'harm', fault }))
  if (harm.replaced && !(await daemon.hasStarted(plugins))) account.notes.push('the plugin was not replaced')
}
