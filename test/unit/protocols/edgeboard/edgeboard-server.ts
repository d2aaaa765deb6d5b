import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelInfo } from '../../../../src/core/model.js'
import { type Payload, Status } from '../../../../src/core/payload.js'
import { edgeBoardFrontEnd } from '../../../../src/protocols/edgeboard/routes.js'
import { ROOT } from '../../../helpers/daemon-process.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { type FakeInference, mnistSchema, textOutput } from '../shared/fake-inference.js'
import { type FrontEndServer, frontEndServer } from '../shared/front-end-server.js'

export const BASE = '/api/model/service'

/** 225 pixels wide, 224 high. */
export const PICTURE = readFileSync(join(ROOT, 'examples/mnist/wrapper/test_data/7.png'))

/** A picture as a wrapper draws one. */
export const DRAWN: Payload = {
  key: 'drawn',
  type: 'image',
  status: Status.once,
  attributes: { encoding: 'png' },
  data: Buffer.from([1, 2, 3]),
}

export const HIT = { index: 2, label: 'face', score: 0.5, location: { left: 1.5, top: 2, width: 3, height: 4 } }

export const hits = (value: unknown = [HIT]): Payload => textOutput(JSON.stringify(value))

/** An HTTP server with nothing but the EdgeBoard front-end. */
export function edgeBoardServer(inference: FakeInference): FrontEndServer {
  return frontEndServer(inference, parts => [edgeBoardFrontEnd({ ...parts, basePath: BASE })])
}

/** Models 0 and 7; the second has the input `img`. */
export function numberedModels(): ModelInfo[] {
  return [
    modelInfoOf('plain', { mid: 0 }),
    modelInfoOf('mnist', { mid: 7, schema: mnistSchema() }),
    modelInfoOf('none'),
  ]
}

/** A form as browsers send it. */
export async function formOf(parts: Record<string, string | Buffer>) {
  const form = new FormData()
  for (const [name, value] of Object.entries(parts)) {
    form.set(name, typeof value === 'string' ? value : new Blob([value]))
  }
  const request = new Request('http://localhost', { method: 'POST', body: form })
  const contentType = request.headers.get('content-type') ?? ''
  return { payload: Buffer.from(await request.arrayBuffer()), headers: { 'content-type': contentType } }
}
