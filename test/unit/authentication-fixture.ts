import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { Apps } from '../../src/auth/apps.js'
import { guardInference } from '../../src/auth/guarded-inference.js'
import { instrumentInference } from '../../src/telemetry/instrumented-inference.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { modelInfoOf } from '../helpers/model-info.js'
import { sign } from '../helpers/signed-request.js'
import { loadText } from './config/config-file.js'
import { FakeInference } from './protocols/shared/fake-inference.js'
import { IDLE_ADMIN, startFrontEnds } from './running-front-ends.js'

export const KEY = 'the-key-of-demo'
export const SECRET = 'the-secret-of-demo'
export const TOKEN = 'the-token-of-demo'
export const OTHER = 'the-token-of-other'
/** Of an app that may have one request or session at once. */
export const LIMITED = 'the-token-of-limited'
export const SECRETS = [SECRET, TOKEN, OTHER, LIMITED]

export const CONFIG = `[svcName]
host = "127.0.0.1"
port = 0
http_listen = "127.0.0.1:0"
[admin]
enabled = true
token = "the-token-of-admin"
[auth.apps.demo]
key = "${KEY}"
secret = "${SECRET}"
tokens = ["${TOKEN}"]
models = ["svcName"]
[auth.apps.other]
tokens = ["${OTHER}"]
rateLimit = 1
[auth.apps.limited]
tokens = ["${LIMITED}"]
maxInFlight = 1
`

/** Everything that listens, for apps alone, over the models svcName, which demo may use, and private. */
export async function serve({ open = '' } = {}) {
  const { config } = loadText(`${CONFIG}[auth]\nenabled = true\n${open}`)
  const inference = new FakeInference([
    modelInfoOf('svcName', {
      mid: 1,
      abilities: { once: true, streamingOutput: true, sessions: true, chat: true, resources: true },
    }),
    modelInfoOf('private', { mid: 2 }),
  ])
  const lines: string[] = []
  const apps = new Apps(config.apps)
  const metrics = createMetrics({ version: '0' })
  const slots: [string, number][] = []
  // Runs after the front-ends have stopped.
  onTestFinished(() => {
    // Whatever a test did: no credential stands in the log.
    for (const line of lines) expect(SECRETS.filter(secret => line.includes(secret))).toEqual([])
  })
  const { http, grpc } = await startFrontEnds({
    ...{ config, apps, metrics },
    inference: instrumentInference(guardInference(inference, apps), metrics, { add() {} }),
    admin: { ...IDLE_ADMIN, setSlots: (model, count) => void slots.push([model, count]) },
    log: pino({ level: 'trace' }, { write: line => void lines.push(line) }),
  })
  return { http, grpc, inference, lines, slots }
}

export const ASE_BODY = {
  header: { app_id: 'demo', status: 3 },
  parameter: {},
  payload: { text: { encoding: 'utf8', status: 3, text: 'aGk=' } },
}
export const CHAT_BODY = { model: 'svcName', messages: [{ role: 'user', content: 'hi' }] }

export async function post(url: string, headers: Record<string, string>, body: unknown = ASE_BODY) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: JSON.parse(text) }
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Credentials in the query, as clients of ASE send them. */
export function signedQuery(http: string, method: string, path: string, date = new Date()) {
  return new URLSearchParams(sign({ key: KEY, secret: SECRET }, { method, host: new URL(http).host, path, date }))
}
