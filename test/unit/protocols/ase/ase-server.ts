import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { type AseOptions, aseRoutes } from '../../../../src/protocols/ase/routes.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import type { FakeInference } from '../shared/fake-inference.js'

export interface AseServer {
  readonly server: FastifyInstance
  /** The log so far, one entry a line. */
  logged(): Record<string, unknown>[]
  /** Resolves with the next write to the log. */
  nextLine(): Promise<void>
}

/** An HTTP server with nothing but the ASE front-end. */
export function aseServer(inference: FakeInference, options: Partial<AseOptions> = {}): AseServer {
  const lines: string[] = []
  const waiting: (() => void)[] = []
  const write = (line: string) => {
    lines.push(line)
    for (const resume of waiting.splice(0)) resume()
  }
  const log = pino({ level: 'debug' }, { write })
  const bodyLimitBytes = options.bodyLimitBytes ?? 64 * 1024
  const server = createHttpServer({ bodyLimitBytes, corsOrigins: [], log })
  server.register(aseRoutes, { inference, log, headerPass: [], normalizeText: false, bodyLimitBytes, ...options })
  return {
    server,
    logged: () => lines.map(line => JSON.parse(line)),
    nextLine: () => new Promise(resolve => waiting.push(resolve)),
  }
}

/** The `code` of an ASE answer's header, with its HTTP status. */
export function codeOf(response: { statusCode: number; body: string }): { http: number; code: number } {
  return { http: response.statusCode, code: JSON.parse(response.body).header.code }
}
