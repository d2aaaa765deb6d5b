import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { InferenceRequest, InferenceResult } from '../../../../src/core/inference.js'
import { DATA_TYPES, type DataType, type Payload, Status } from '../../../../src/core/payload.js'
import { bodyOf, expectGolden, expectGoldenView, goldenFile, onceExchanges } from '../../../helpers/golden.js'
import { FakeInference, modelInfo, resultOf } from '../shared/fake-inference.js'
import { aseServer } from './ase-server.js'

const SEVEN = '{"result": 7, "msg": "\\u8bc6\\u522b\\u7ed3\\u679c\\u4e3a\\u6570\\u5b57: 7"}'

/** Does what the recorded plugin did with `ctrl`, and what the session layer makes of it. */
function recordedPlugin(request: InferenceRequest): InferenceResult {
  const { ctrl } = request.parameters
  if (ctrl === 'userr') throw new ServiceError('wrapper_failed', 'errr', { wrapperRet: 100 })
  if (ctrl === 'rpcerr') throw new ServiceError('plugin_call_failed')
  const [accept] = request.accepts
  const key = ctrl === 'badkey' ? 'unknown' : 'result'
  const type: DataType = ctrl === 'image' ? 'image' : 'text'
  if (accept !== undefined && (accept.name !== key || accept.type !== type)) throw new ServiceError('output_mismatch')
  const data = type === 'image' ? Buffer.from([0, 1, 2]) : Buffer.from(SEVEN)
  const attributes = accept?.attributes ?? { encoding: 'utf8' }
  const output: Payload = { key, type, status: Status.once, attributes, data }
  return resultOf(output)
}

async function ask(inference: FakeInference, path: string, type: string, payload: string | Buffer) {
  const { server } = aseServer(inference, { bodyLimitBytes: 1 << 20 })
  const { statusCode, headers, body } = await server.inject({
    method: 'POST',
    url: path,
    headers: { 'content-type': type },
    payload,
  })
  await server.close()
  return { status: statusCode, contentType: headers['content-type'] as string | undefined, body }
}

describe('the recorded once exchanges', () => {
  it('are all there', () => {
    expect(onceExchanges()).toHaveLength(18)
  })

  it.each(onceExchanges().map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    const inference = new FakeInference([modelInfo('svcName')], recordedPlugin)
    const { path, content_type } = exchange.request
    expectGolden(exchange, await ask(inference, path, content_type, bodyOf(exchange)))
    const [seen] = inference.requests
    expectGoldenView(
      exchange,
      seen && {
        parameters: seen.parameters,
        payloads: seen.payloads.map(({ key, type, status, data }) => {
          return { key, length: data.length, type: DATA_TYPES.indexOf(type), status }
        }),
      },
    )
  })

  it('the exchange that the first document prints', async () => {
    const inference = new FakeInference([modelInfo('svcName')], recordedPlugin)
    const answer = await ask(inference, '/v1/svcName', 'application/json', goldenFile('seed-request.json'))
    const printed = JSON.parse(goldenFile('seed-response.json').toString())
    const { header, payload } = JSON.parse(answer.body)
    expect(header).toEqual({ ...printed.header, sid: expect.stringMatching(/./) })
    expect({ ...payload.result, text: JSON.parse(payload.result.text) }).toEqual({
      ...printed.payload.result,
      text: JSON.parse(printed.payload.result.text),
    })
    expect(inference.requests[0]?.payloads[0]?.data).toEqual(goldenFile('seven.png'))
  })
})
