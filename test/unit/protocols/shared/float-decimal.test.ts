import { describe, expect, it } from 'vitest'
import { forDecimal } from '../../../../src/protocols/shared/float-decimal.js'
import { bf16Bits, bf16Value, fp16Bits, fp16Value } from '../../../../src/protocols/shared/small-float.js'

const fp16 = (value: number) => fp16Value(fp16Bits(value))
const bf16 = (value: number) => bf16Value(bf16Bits(value))

describe('an element in decimal', () => {
  it.each([
    ['FP32', Math.fround(0.3), '0.3'],
    ['FP32', Math.fround(0.1), '0.1'],
    ['FP32', Math.fround(1 / 3), '0.33333334'],
    ['FP32', Math.fround(1e-7), '1e-7'],
    ['FP32', Math.fround(3.4028234663852886e38), '3.4028235e+38'],
    ['FP32', Math.fround(3e10), '30000001024'],
    ['FP16', 65504, '65504'],
    ['FP16', fp16(0.1), '0.1'],
    ['FP16', fp16(2 / 3), '0.6665'],
    ['BF16', bf16(0.1), '0.1'],
    ['FP64', Math.fround(0.3), '0.30000001192092896'],
    ['INT32', 3, '3'],
    ['INT64', 2n ** 60n, '1152921504606846976'],
    ['BOOL', true, 'true'],
  ])('of %s %s is %s', (datatype, element, text) => {
    expect(String(forDecimal(element, datatype))).toBe(text)
  })

  it('keeps the sign of zero, and is passed on where it is no number', () => {
    expect(forDecimal(-0, 'FP32')).toBe(-0)
    expect(forDecimal(Number.NaN, 'FP32')).toBeNaN()
    expect(forDecimal(Number.NEGATIVE_INFINITY, 'FP16')).toBe(Number.NEGATIVE_INFINITY)
  })

  it('of every FP16 and BF16, and of FP32 of every size, is read back as the same value', () => {
    const wrong: unknown[] = []
    const check = (datatype: string, value: number, round: (value: number) => number) => {
      if (Number.isFinite(value) && round(forDecimal(value, datatype) as number) !== value)
        wrong.push([datatype, value])
    }
    const view = new DataView(new ArrayBuffer(4))
    for (let bits = 0; bits < 2 ** 16; bits++) {
      check('FP16', fp16Value(bits), fp16)
      check('BF16', bf16Value(bits), bf16)
      view.setUint32(0, bits * 65_536 + ((bits * 40_503) % 65_536))
      check('FP32', view.getFloat32(0), Math.fround)
    }
    expect(wrong).toEqual([])
  })
})
