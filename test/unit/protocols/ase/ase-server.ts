import { type AseOptions, aseFrontEnd } from '../../../../src/protocols/ase/routes.js'
import type { FakeInference } from '../shared/fake-inference.js'
import { type FrontEndServer, type FrontEndServerOptions, frontEndServer } from '../shared/front-end-server.js'

export type AseServerOptions = Partial<AseOptions> & FrontEndServerOptions

/** An HTTP server with nothing but the ASE front-end. */
export function aseServer(inference: FakeInference, options: AseServerOptions = {}): FrontEndServer {
  const defaults = { basePath: '/v1', headerPass: [], normalizeText: false }
  return frontEndServer(inference, parts => [aseFrontEnd({ ...defaults, ...parts, ...options })], options)
}

/** The `code` of an ASE answer's header, with its HTTP status. */
export function codeOf(response: { statusCode: number; body: string }): { http: number; code: number } {
  return { http: response.statusCode, code: JSON.parse(response.body).header.code }
}
