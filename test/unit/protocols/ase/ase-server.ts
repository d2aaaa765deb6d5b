import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Reason } from '../../../../src/core/error.js'
import { type AseOptions, aseRoutes } from '../../../../src/protocols/ase/routes.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { instrumentInference, wasCounted } from '../../../../src/telemetry/instrumented-inference.js'
import { createMetrics } from '../../../../src/telemetry/metrics.js'
import type { FakeInference } from '../shared/fake-inference.js'

export interface AseServer {
  readonly server: FastifyInstance
  /** The requests that failed before they reached the core. */
  readonly refused: readonly (readonly [model: string | undefined, reason: Reason])[]
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
  const refused: [string | undefined, Reason][] = []
  const bodyLimitBytes = options.bodyLimitBytes ?? 64 * 1024
  const server = createHttpServer({ bodyLimitBytes, corsOrigins: [], log })
  const onFailure: AseOptions['onFailure'] = (model, error) => {
    if (!wasCounted(error)) refused.push([model, error.reason])
  }
  const instrumented = instrumentInference(inference, createMetrics({ version: '0' }))
  const defaults = { inference: instrumented, log, headerPass: [], normalizeText: false, bodyLimitBytes, onFailure }
  server.register(aseRoutes, { ...defaults, ...options })
  return {
    server,
    refused,
    logged: () => lines.map(line => JSON.parse(line)),
    nextLine: () => new Promise(resolve => waiting.push(resolve)),
  }
}

/** The `code` of an ASE answer's header, with its HTTP status. */
export function codeOf(response: { statusCode: number; body: string }): { http: number; code: number } {
  return { http: response.statusCode, code: JSON.parse(response.body).header.code }
}
