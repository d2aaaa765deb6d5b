import { describe, expect, it } from 'vitest'
import type { ModelSchema } from '../../../src/core/model.js'
import type { Accept, DataType, Payload } from '../../../src/core/payload.js'
import { selectOutputs } from '../../../src/session/outputs.js'

const payload = (key: string, type: DataType = 'text'): Payload => ({
  key,
  type,
  status: 3,
  attributes: { frame: '1' },
  data: Buffer.from(key),
})
const accept = (name: string, type?: DataType, attributes = {}): Accept => ({ name, attributes, ...(type && { type }) })
const schema = {
  outputs: new Map([['result', { type: 'text', attributes: { encoding: 'utf8' } }]]),
} as unknown as ModelSchema

describe('selectOutputs', () => {
  it('drops what was not asked for', () => {
    const outputs = selectOutputs([payload('result'), payload('debug')], [accept('result')], undefined)
    expect(outputs.map(output => output.key)).toEqual(['result'])
  })

  it('gives everything, with the attributes of the schema, to who asks for nothing', () => {
    const outputs = selectOutputs([payload('result'), payload('other')], [], schema)
    expect(outputs.map(output => output.attributes)).toEqual([{ frame: '1', encoding: 'utf8' }, { frame: '1' }])
  })

  it('prefers the attributes that were asked for', () => {
    const [output] = selectOutputs([payload('result')], [accept('result', 'text', { encoding: 'gbk' })], schema)
    expect(output?.attributes).toEqual({ frame: '1', encoding: 'gbk' })
  })

  it.each([
    ['another type than asked for', [payload('result', 'image')], [accept('result', 'text')], undefined],
    ['another type than the schema says', [payload('result', 'image')], [accept('result')], schema],
    ['nothing that was asked for', [payload('other')], [accept('result')], undefined],
    ['nothing at all', [], [], undefined],
  ])('refuses %s', (_, payloads, accepts, known) => {
    expect(() => selectOutputs(payloads, accepts, known)).toThrow(
      expect.objectContaining({ reason: 'output_mismatch' }),
    )
  })

  it('takes the type as it comes when neither client nor schema names one', () => {
    expect(selectOutputs([payload('result', 'image')], [accept('result')], undefined)).toHaveLength(1)
  })

  it('joins the pieces of an output, with what the last one says of itself', () => {
    const last = { ...payload('result'), attributes: { finish_reason: 'stop' } }
    const [joined] = selectOutputs([payload('result'), last], [], undefined)
    expect(joined).toMatchObject({
      attributes: { frame: '1', finish_reason: 'stop' },
      data: Buffer.from('resultresult'),
    })
  })

  it('describes a tensor by its attributes as well, for protocols that have nothing else', () => {
    const tensor = { ...payload('x'), tensor: { datatype: 'INT8', shape: [1, 2] } }
    const [output] = selectOutputs([tensor], [accept('x', undefined, { shape: 'round' })], undefined)
    expect(output).toMatchObject({ tensor: tensor.tensor, attributes: { datatype: 'INT8', shape: '[1,2]' } })
  })

  it('does not join tensors', () => {
    const tensor = { ...payload('result'), tensor: { datatype: 'INT8', shape: [6] } }
    expect(() => selectOutputs([tensor, tensor], [], undefined)).toThrow(
      expect.objectContaining({ reason: 'output_mismatch' }),
    )
  })
})
