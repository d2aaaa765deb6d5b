import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'
import { openApiFaults } from '../helpers/openapi-faults.js'

/** What is needed of an operation to carry it out as Swagger UI would. */
interface Operation {
  readonly tags: readonly string[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: unknown; readonly examples?: Examples }>>
  }
}

type Examples = Readonly<Record<string, { readonly value: unknown }>>

let daemon: DaemonProcess
let http: string
let document: { readonly tags: readonly { readonly name: string }[]; readonly paths: Record<string, object> }

const example = (name: string) => ({ dir: join(ROOT, 'examples', name) })

beforeAll(async () => {
  const config = {
    'models.mnist': { ...example('mnist'), mid: 0 },
    'models.chat': example('chat'),
    'models.tensors': example('tensors'),
    'models.detect': { ...example('detect'), mid: 1 },
  }
  daemon = startDaemonProcess({ cwd: ROOT, config })
  ;({ http } = await daemon.ready)
  await vi.waitFor(async () => expect((await readiness()).every(({ ready }) => ready)).toBe(true), { timeout: 60_000 })
  document = (await (await fetch(`${http}/openapi.json`)).json()) as typeof document
})
afterAll(() => daemon?.stop())

async function readiness(): Promise<readonly { readonly ready: boolean }[]> {
  const { models } = (await (await fetch(`${http}/readyz`)).json()) as { models: Record<string, { ready: boolean }> }
  return Object.values(models)
}

function operations() {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  )
}

/** The JSON bodies that an operation shows, or none for one that takes no body. */
function bodiesOf({ requestBody }: Operation): readonly (string | undefined)[] {
  if (requestBody === undefined) return [undefined]
  const { example, examples = {} } = requestBody.content['application/json'] ?? {}
  const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)]
  return values.map(value => JSON.stringify(value))
}

function urlOf(path: string, { parameters = [] }: Operation): string {
  const query = new URLSearchParams()
  let filled = path
  for (const { name, in: place, example } of parameters) {
    if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(String(example)))
    if (place === 'query' && example !== undefined) query.set(name, String(example))
  }
  return `${http}${filled}?${query}`
}

it('the document of a daemon that serves keeps to OpenAPI 3.0, with an operation under every tag', async () => {
  expect(await openApiFaults(document as never)).toEqual([])
  const used = new Set(operations().flatMap(({ operation }) => operation.tags))
  expect([...used].sort()).toEqual(document.tags.map(({ name }) => name).sort())
})

it('every example runs as it stands', async () => {
  const failed: string[] = []
  for (const { path, method, operation } of operations()) {
    for (const body of bodiesOf(operation)) {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' }
      const init = { method: method.toUpperCase(), headers, ...(body !== undefined && { body }) }
      const response = await fetch(urlOf(path, operation), init)
      const text = await response.text()
      if (!response.ok) failed.push(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`)
    }
  }
  expect(failed).toEqual([])
})
