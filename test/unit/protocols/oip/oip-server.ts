import type { OutgoingHttpHeaders } from 'node:http'
import { type OipHttpOptions, oipFrontEnd } from '../../../../src/protocols/oip/routes.js'
import { sumTallies } from '../../../../src/telemetry/request-tallies.js'
import type { FakeInference } from '../shared/fake-inference.js'
import { frontEndServer } from '../shared/front-end-server.js'

export const ADMIN_TOKEN = 'sixteen-letters-'

/** What a front-end of this protocol needs beside the core, for servers of tests. */
export const OIP_DEFAULTS = {
  admin: { load: async () => {}, unload: async () => {} },
  adminToken: ADMIN_TOKEN,
  tallies: () => sumTallies([]),
  version: '1.2.3',
  healthIsOpen: true,
  isDraining: () => false,
}

/** An HTTP server with nothing but this front-end. */
export function oipServer(inference: FakeInference, options: Partial<OipHttpOptions> = {}) {
  const { server, refused } = frontEndServer(inference, parts => [
    oipFrontEnd({ ...OIP_DEFAULTS, basePath: '/v2', ...parts, ...options }),
  ])
  return {
    server,
    refused,
    get: (url: string) => server.inject({ url }),
    post: (url: string, payload: unknown = '', headers: OutgoingHttpHeaders = {}) => {
      const isRaw = typeof payload === 'string' || Buffer.isBuffer(payload)
      return server.inject({ method: 'POST', url, payload: isRaw ? payload : JSON.stringify(payload), headers })
    },
  }
}

/** A body with binary data behind its JSON, and the header that says where. */
export function binaryBody(json: unknown, ...data: readonly Uint8Array[]) {
  const head = Buffer.from(JSON.stringify(json))
  return {
    body: Buffer.concat([head, ...data]),
    headers: { 'inference-header-content-length': String(head.length) },
  }
}
