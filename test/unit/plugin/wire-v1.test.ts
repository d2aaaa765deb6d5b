import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../src/core/payload.js'
import { fromWire, toWire } from '../../../src/plugin/wire-v1.js'

const data = Buffer.from([1, 0, 0, 0, 2, 0, 0, 0])
const tensor: Payload = {
  key: 'x',
  type: 'other',
  status: 3,
  attributes: { note: 'n' },
  data,
  tensor: { datatype: 'INT32', shape: [1, 2] },
}
const answer = (desc: Record<string, string>) => ({ key: 'x', len: 8, type: 4, status: 3, desc, data })

describe('payloads of plugin protocol 1', () => {
  it('describe a tensor by attributes, its shape as JSON', () => {
    expect(toWire(tensor).desc).toEqual({ note: 'n', datatype: 'INT32', shape: '[1,2]' })
  })

  it('are tensors again when they come back so described', () => {
    expect(fromWire(answer({ note: 'n', datatype: 'INT32', shape: '[1, 2]' }))).toEqual(tensor)
    expect(fromWire(answer({ datatype: 'FP64', shape: '[]' })).tensor).toEqual({ datatype: 'FP64', shape: [] })
  })

  it.each([
    { datatype: 'INT32' },
    { shape: '[2]' },
    { datatype: 'square', shape: 'round' },
    { datatype: 'INT32', shape: '[-1]' },
  ])('keep the attributes %o of a wrapper that means something else', desc => {
    const { attributes, tensor: found } = fromWire(answer(desc as Record<string, string>))
    expect([attributes, found]).toEqual([desc, undefined])
  })
})
