import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/core/payload.js'
import { FakeInference } from '../shared/fake-inference.js'
import { post, servedModels } from './mindspore-server.js'

/** The payloads that a wrapper gets for the first instance of a request. */
async function payloadsOf(url: string, instance: unknown): Promise<readonly Payload[]> {
  const inference = new FakeInference(servedModels())
  const { http, text } = await post(inference, url, { instances: [instance] })
  expect(http, text).toBe(200)
  return inference.requests[0]?.payloads ?? []
}

const item = (key: string, type: string, data: string) => ({
  key,
  type,
  status: 3,
  attributes: {},
  data: Buffer.from(data),
})
const tensor = (key: string, datatype: string, shape: number[]) => ({ key, type: 'other', tensor: { datatype, shape } })

describe('the payloads of an instance', () => {
  it('are plain where the model says nothing of a string or of bytes', async () => {
    expect(await payloadsOf('/model/plain:predict', { a: 'x', b: { b64: 'eQ==' }, c: ['z'] })).toEqual([
      item('a', 'text', 'x'),
      item('b', 'other', 'y'),
      item('c', 'text', 'z'),
    ])
  })

  it('have the type of the schema', async () => {
    expect(await payloadsOf('/model/mnist:predict', { img: { b64: 'eQ==' } })).toEqual([item('img', 'image', 'y')])
    expect(await payloadsOf('/model/mnist:predict', { img: 'y' })).toEqual([item('img', 'image', 'y')])
  })

  it('are tensors where the value is of numbers', async () => {
    const payloads = await payloadsOf('/model/plain:predict', { a: 1, b: [[true]], c: { b64: 'AAA=', type: 'fp16' } })
    expect(payloads).toMatchObject([tensor('a', 'INT32', []), tensor('b', 'BOOL', [1, 1]), tensor('c', 'FP16', [1])])
    expect(payloads[0]?.data).toEqual(new Uint8Array([1, 0, 0, 0]))
  })

  it('are those of the example of the protocol: a text, lists in lists and a picture', async () => {
    const box = JSON.parse('[[2,2],[5,5],[6,6]]')
    const image = { b64: 'iVBORw==', type: 'bytes' }
    expect(await payloadsOf('/model/plain:predict', { tag: 'two', box, image })).toMatchObject([
      item('tag', 'text', 'two'),
      tensor('box', 'INT32', [3, 2]),
      { key: 'image', type: 'other', data: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
    ])
  })

  it('are tensors where the model declares them, strings too', async () => {
    const payloads = await payloadsOf('/model/math:add', { x1: [[1, 2]], x2: [[0.5, 1.5]], label: 'ab' })
    expect(payloads).toMatchObject([
      tensor('x1', 'FP32', [1, 2]),
      tensor('x2', 'FP32', [1, 2]),
      tensor('label', 'BYTES', [1]),
    ])
    expect(Buffer.from(payloads[2]?.data ?? [])).toEqual(Buffer.from('\u0002\0\0\0ab'))
  })

  it('may be anything for a method that declares nothing', async () => {
    expect(await payloadsOf('/model/math:open', { whatever: 1 })).toMatchObject([tensor('whatever', 'INT32', [])])
  })

  it.each([
    ['/model/mnist:predict', { img: 'a', other: 1 }, "instances[0]: tensor 'other': no such input; there is img"],
    ['/model/mnist:predict', { other: 'a' }, "instances[0]: tensor 'other': no such input; there is img"],
    ['/model/mnist:predict', { img: [1] }, "tensor 'img': the model takes image here, as a string or as"],
    ['/model/math:add', { x1: [[1, 2]] }, "instances[0]: must have the input 'x2'; it takes x1, x2, label"],
    ['/model/math:add', { x1: [[1, 2]], x2: [[1, 2]], z: 1 }, "instances[0]: tensor 'z': no such input"],
    ['/model/math:add', { x1: [[1, 2]], x2: [1, 2] }, 'its shape is [2], but the model takes [-1,2]'],
    ['/model/math:add', { x1: [[1, 2]], x2: [[true, false]] }, 'its datatype is BOOL, but the model takes FP32'],
    ['/model/math:add', { x1: [[1, 2]], x2: 'text' }, 'its datatype is BYTES, but the model takes FP32'],
  ])('of %s are refused in %j', async (url, instance, text) => {
    const inference = new FakeInference(servedModels())
    const { http, body } = await post(inference, url, { instances: [instance] })
    expect({ http, body }).toEqual({ http: 400, body: { error_msg: expect.stringContaining(text) } })
    expect(body.error_msg).toMatch(/^Parse request failed, /)
    expect(inference.requests).toEqual([])
  })

  it('are refused as a whole request when those of any instance are', async () => {
    const inference = new FakeInference(servedModels())
    const instances = [{ img: 'a' }, { img: 'b' }, { wrong: 'c' }]
    const { body } = await post(inference, '/model/mnist:predict', { instances })
    expect(body.error_msg).toContain("instances[2]: tensor 'wrong': no such input")
    expect(inference.requests).toEqual([])
  })
})
