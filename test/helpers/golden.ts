import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

const FOLDER = new URL('../conformance/golden/', import.meta.url)

/** One exchange of `ase-http-once.json`. */
export interface OnceExchange {
  readonly name: string
  readonly request: {
    readonly method: 'POST'
    readonly path: string
    readonly content_type: string
    readonly body: unknown
  }
  readonly response: { readonly status: number | null; readonly body: GoldenAnswer | string }
  readonly plugin_saw: string
}

interface GoldenAnswer {
  readonly header: { readonly code: number; readonly message?: string; readonly sid: string; readonly status?: number }
  readonly payload: unknown
}

export interface Answer {
  readonly status: number
  readonly contentType: string | undefined
  readonly body: string
}

/** The 18 exchanges that were recorded with the reference loader and a test plugin. */
export function onceExchanges(): OnceExchange[] {
  return JSON.parse(goldenFile('ase-http-once.json').toString())
}

export function goldenFile(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER))
}

/** The request body as the recording client wrote it: JSON with a space after every comma and colon. */
export function bodyOf({ request }: OnceExchange): string {
  const text = typeof request.body === 'string' ? request.body : spacedJson(request.body)
  return text.replace('$SEVEN_PNG_BASE64', goldenFile('seven.png').toString('base64'))
}

function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${spacedJson(member)}`)
    .join(', ')}}`
}

/** HTTP statuses of ours for the codes in the transcripts; the reference always answers 500. */
const STATUSES: Readonly<Record<number, number>> = {
  0: 200,
  10000: 400,
  10001: 400,
  10009: 400,
  10106: 502,
  10404: 404,
  10910: 500,
}

/** Exchanges whose answer differs on purpose, with the code that ours has instead. */
const CODES: Readonly<Record<string, number>> = {
  // Without an accept every output comes back.
  'no parameter section': 0,
  // The reference never answers a failed plugin call.
  'wrapper RPC fails': 10910,
  // The reference answers unknown paths in plain text.
  'unknown path': 10404,
}

/**
 * Compares an answer with the recorded one. Codes and results must be equal; HTTP statuses follow the code; messages
 * need not be equal, except a wrapper's own text.
 */
export function expectGolden({ name, response }: OnceExchange, answer: Answer): void {
  const recorded = typeof response.body === 'string' ? undefined : response.body
  const code = CODES[name] ?? recorded?.header.code
  expect(code, 'the exchange has a code to compare with').toBeTypeOf('number')
  const { header, payload } = JSON.parse(answer.body) as GoldenAnswer
  expect({ code: header.code, status: answer.status }).toEqual({ code, status: STATUSES[code as number] })
  expect(answer.contentType).toMatch(/^application\/json/)
  expect(header.sid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  if (code !== 0) {
    expect(payload).toBeNull()
    expect(header.message).not.toBe('')
    if (code === 10910 && recorded !== undefined) expect(header.message).toBe(recorded.header.message)
    return
  }
  expect(header.status).toBe(3)
  if (recorded?.header.code === 0) expect(payload).toEqual(recorded.payload)
  else expect(payload).toHaveProperty('result.text')
}

/** What reached the plugin. */
export interface PluginView {
  readonly parameters: Readonly<Record<string, string>>
  readonly payloads: readonly {
    readonly key: string
    readonly length: number
    readonly type: number
    readonly status: number
  }[]
}

/** The plugin's view of a recorded exchange, or undefined when it saw nothing. */
export function recordedView({ plugin_saw: line }: OnceExchange): PluginView | undefined {
  const [, params, list] = /params=\{(.*)\} list=\[(.*)\]$/.exec(line) ?? []
  if (params === undefined || list === undefined) return undefined
  return {
    parameters: Object.fromEntries(
      [...params.matchAll(/'([^']*)': '([^']*)'/g)].map(([, name, value]) => [name, value]),
    ),
    payloads: [...list.matchAll(/\('([^']*)', (\d+), (\d+), (\d+)/g)].map(([, key = '', length, type, status]) => {
      return { key, length: Number(length), type: Number(type), status: Number(status) }
    }),
  }
}

/** Compares what reached the plugin. Sids differ from run to run, and the reference prints numbers wrongly. */
export function expectGoldenView(exchange: OnceExchange, seen: PluginView | undefined): void {
  const recorded = recordedView(exchange)
  expect(seen?.payloads).toEqual(recorded?.payloads)
  expect(comparable(seen)).toEqual(comparable(recorded))
}

function comparable(view: PluginView | undefined): Record<string, string> | undefined {
  if (view === undefined) return undefined
  const entries = Object.entries(view.parameters).map(([name, value]) => [
    name,
    name === 'sid' || name === 'n' || name === 'i' ? '' : value,
  ])
  return Object.fromEntries(entries)
}
