import { spawn } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../helpers/daemon-process.js'
import type { Ending } from '../account.js'

const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url))

export interface SchemathesisOptions {
  readonly http: string
  readonly seed: number
  /** How it makes its requests: of the examples, of the bounds of the schemas, at random. */
  readonly phases: readonly ('examples' | 'coverage' | 'fuzzing')[]
  /** How many it makes at random for each operation, in either of its ways: what the document allows, and what not. */
  readonly examples: number
  /** What it shows to operations that ask for an app, and to those that ask for the admin's token. */
  readonly tokens: { readonly app: string; readonly admin: string }
}

/** Has schemathesis make requests of a daemon's OpenAPI document. @throws when it did not come to its end */
export async function schemathesis(options: SchemathesisOptions): Promise<readonly Ending[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-schemathesis-'))
  try {
    const report = join(folder, 'report.ndjson')
    await run(options, folder, report)
    return await endingsIn(report)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function run({ http, seed, phases, examples, tokens }: SchemathesisOptions, folder: string, report: string) {
  const words = ['-m', 'schemathesis.cli', '--no-color', '--config-file', CONFIG, 'run', `${http}/openapi.json`]
  words.push('--seed', String(seed), '--phases', phases.join(','), '--max-examples', String(examples))
  words.push('--report', 'ndjson', '--report-ndjson-path', report)
  const client = spawn(pythonOf('schemathesis'), words, {
    // It writes beside its reports.
    cwd: folder,
    env: { ...process.env, APP_TOKEN: tokens.app, ADMIN_TOKEN: tokens.admin },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const code = new Promise<number | null>((resolve, reject) => client.once('error', reject).once('close', resolve))
  const said = await text(client.stdout)
  // 1: it found something, which the report has.
  if (![0, 1].includes((await code) ?? -1))
    throw new Error(`schemathesis ended with ${await code}: ${said.slice(-4000)}`)
}

/** What is read of a line of the report. */
interface Event {
  readonly ScenarioFinished?: {
    readonly recorder: {
      readonly label: string
      readonly interactions?: Readonly<Record<string, Interaction>>
      readonly checks?: Readonly<Record<string, readonly Check[]>>
    }
  }
  readonly NonFatalError?: unknown
  readonly FatalError?: unknown
}

interface Interaction {
  readonly request: { readonly method: string; readonly uri: string; readonly body?: Encoded }
  readonly response?: { readonly status_code: number; readonly content?: Encoded }
}

interface Check {
  readonly name: string
  readonly status: 'success' | 'failure'
  readonly failure_info?: { readonly failure: { readonly message: string } }
}

interface Encoded {
  readonly $base64?: string
}

async function endingsIn(report: string): Promise<readonly Ending[]> {
  const endings: Ending[] = []
  for await (const line of createInterface({ input: createReadStream(report) })) {
    const { ScenarioFinished: scenario, NonFatalError, FatalError } = JSON.parse(line) as Event
    if (NonFatalError ?? FatalError) throw new Error(`schemathesis failed: ${line.slice(0, 2000)}`)
    const { label = '', interactions = {}, checks = {} } = scenario?.recorder ?? {}
    for (const [id, interaction] of Object.entries(interactions)) {
      endings.push(endingOf(label, interaction, checks[id] ?? []))
    }
  }
  return endings
}

function endingOf(operation: string, { request, response }: Interaction, checks: readonly Check[]): Ending {
  const sent = () => `${operation}: ${request.method} ${request.uri} ${shown(request.body)}`
  if (response === undefined) return { kind: 'lost', what: sent() }
  const failed = checks.find(({ status }) => status === 'failure')
  if (failed !== undefined) {
    const why = failed.failure_info?.failure.message.replace(/\s+/g, ' ')
    const answer = `${response.status_code} ${shown(response.content)}`
    return { kind: 'wrong', what: `${failed.name}: ${why}; ${sent()} was answered with ${answer}` }
  }
  return response.status_code < 400 ? { kind: 'correct' } : { kind: 'error', reason: `HTTP ${response.status_code}` }
}

function shown({ $base64 = '' }: Encoded = {}): string {
  return Buffer.from($base64, 'base64').toString().slice(0, 300)
}
