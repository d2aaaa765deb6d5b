import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pythonOf } from './daemon-process.js'

const SCRIPT = fileURLToPath(new URL('openai_client.py', import.meta.url))

/** A call of the published client; what its members mean stands in `openai_client.py`. */
export interface OpenAiOrder {
  readonly client: 'sync' | 'async'
  readonly call: 'chat' | 'models' | 'model'
  readonly arguments: Readonly<Record<string, unknown>>
  readonly leave_after?: number
}

/** The published OpenAI client for Python in a process of its own. */
export interface OpenAiClient {
  /** Resolves with what the client returned, chunks as a list, or `{ error }`. One call at a time. */
  ask(order: OpenAiOrder): Promise<unknown>
  /** Resolves when the process has ended. */
  close(): Promise<void>
}

export function startOpenAiClient(baseUrl: string): OpenAiClient {
  const child = spawn(pythonOf('clients'), [SCRIPT, baseUrl], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  return {
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('the client has ended')
      return JSON.parse(value)
    },
    async close() {
      child.stdin.end()
      await ended
    },
  }
}
