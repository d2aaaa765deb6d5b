import { join } from 'node:path'
import { ROOT } from '../../helpers/daemon-process.js'
import { Account } from '../account.js'
import type { ChaosRun, RunContext } from '../chaos-run.js'
import { type ChaosDaemon, startChaosDaemon } from '../daemon.js'
import { type SchemathesisOptions, schemathesis } from '../fuzz/schemathesis.js'

const TOKENS = { app: 'a-token-of-an-app-for-tests', admin: 'an-admin-token-for-tests' }

const wrapper = (name: string) => ({ dir: join(ROOT, 'test/helpers/wrappers', name) })

/** Beside the scenario wrapper one with tensors and methods, and one that alone is stopped and started. */
const CONFIG = {
  aiges: { concurrency: 8, onceTimeoutMs: 5000 },
  admin: { enabled: true, token: TOKENS.admin },
  'models.sums': wrapper('sums'),
  'models.spare': wrapper('minimal'),
}
const MODELS = 3

/** The same for apps alone; the document's examples name this one. */
const GUARDED = { ...CONFIG, auth: { enabled: true }, 'auth.apps.123456': { tokens: [TOKENS.app] } }

/** How many requests are sent in the full form to the daemon that takes them from everybody. */
const REQUESTS = 30_000

/**
 * Requests that schemathesis makes of the daemon's own OpenAPI document, allowed ones and others, over every protocol that
 * is in it; every answer has to be one that the document has.
 */
export const describedRequests: ChaosRun = {
  name: 'schemathesis',
  play: async context => [await fromEverybody(context), await fromAnApp(context)],
}

async function fromEverybody({ random, short }: RunContext): Promise<Account> {
  const account = new Account('schemathesis')
  const daemon = await startedWith(CONFIG)
  const send = sender(daemon, account, random.below(2 ** 31))
  await send(short ? ['examples', 'fuzzing'] : ['examples', 'coverage', 'fuzzing'], short ? 3 : 100)
  while (!short && account.sent < REQUESTS) await send(['fuzzing'], 100)
  await daemon.end(account)
  return account.close()
}

async function fromAnApp({ random, short }: RunContext): Promise<Account> {
  const account = new Account('schemathesis, as an app')
  const daemon = await startedWith(GUARDED)
  const send = sender(daemon, account, random.below(2 ** 31))
  await send(short ? ['examples'] : ['examples', 'coverage', 'fuzzing'], 20)
  await daemon.end(account)
  return account.close()
}

async function startedWith(config: Parameters<typeof startChaosDaemon>[0]): Promise<ChaosDaemon> {
  const daemon = await startChaosDaemon(config)
  await daemon.hasStarted(MODELS)
  return daemon
}

/** @param seed of the first time; each further one has the next */
function sender(daemon: ChaosDaemon, account: Account, seed: number) {
  let times = 0
  return async (phases: SchemathesisOptions['phases'], examples: number) => {
    const { http } = daemon
    for (const ending of await schemathesis({ http, tokens: TOKENS, seed: seed + times++, phases, examples })) {
      account.take(ending)
    }
    await daemon.measure(account)
  }
}
