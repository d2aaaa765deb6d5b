import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import type { Reason } from '../../../../src/core/error.js'
import type { InferenceService } from '../../../../src/core/inference.js'
import { addHttpFrontEnds, type HttpFrontEnd } from '../../../../src/protocols/shared/http-front-end.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { instrumentInference, wasCounted } from '../../../../src/telemetry/instrumented-inference.js'
import { createMetrics } from '../../../../src/telemetry/metrics.js'
import type { FakeInference } from './fake-inference.js'

export interface FrontEndServer {
  readonly server: FastifyInstance
  /** The requests that failed before they reached the core. */
  readonly refused: readonly (readonly [model: string | undefined, reason: Reason])[]
  /** The log so far, one entry a line. */
  logged(): Record<string, unknown>[]
  /** Resolves with the next write to the log. */
  nextLine(): Promise<void>
}

/** What a front-end needs, for a test to make it. */
export interface FrontEndParts {
  readonly inference: InferenceService
  readonly log: Logger
  readonly bodyLimitBytes: number
}

export interface FrontEndServerOptions {
  /** Default 64 KiB. */
  readonly bodyLimitBytes?: number
  readonly corsOrigins?: readonly string[]
}

/** An HTTP server with nothing but some front-ends. */
export function frontEndServer(
  inference: FakeInference,
  frontEnds: (parts: FrontEndParts) => readonly HttpFrontEnd[],
  { bodyLimitBytes = 64 * 1024, corsOrigins = [] }: FrontEndServerOptions = {},
): FrontEndServer {
  const lines: string[] = []
  const waiting: (() => void)[] = []
  const write = (line: string) => {
    lines.push(line)
    for (const resume of waiting.splice(0)) resume()
  }
  const log = pino({ level: 'debug' }, { write })
  const refused: [string | undefined, Reason][] = []
  const server = createHttpServer({ bodyLimitBytes, corsOrigins, log })
  const instrumented = instrumentInference(inference, createMetrics({ version: '0' }), { add() {} })
  addHttpFrontEnds(server, frontEnds({ inference: instrumented, log, bodyLimitBytes }), {
    log,
    onFailure: (_protocol, model, error) => {
      if (!wasCounted(error)) refused.push([model, error.reason])
    },
  })
  return {
    server,
    refused,
    logged: () => lines.map(line => JSON.parse(line)),
    nextLine: () => new Promise(resolve => waiting.push(resolve)),
  }
}
