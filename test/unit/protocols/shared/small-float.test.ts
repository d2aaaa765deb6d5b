import { describe, expect, it } from 'vitest'
import { bf16Bits, bf16Value, fp16Bits, fp16Value } from '../../../../src/protocols/shared/small-float.js'

const FORMATS = [
  { name: 'FP16', toBits: fp16Bits, toValue: fp16Value, infinity: 0x7c00 },
  { name: 'BF16', toBits: bf16Bits, toValue: bf16Value, infinity: 0x7f80 },
]

describe.each(FORMATS)('$name', ({ toBits, toValue, infinity }) => {
  it('gives back the bits of every value that it has, of both signs', () => {
    const changed: number[] = []
    for (let bits = 0; bits <= infinity; bits++) {
      for (const signed of [bits, bits | 0x8000]) if (toBits(toValue(signed)) !== signed) changed.push(signed)
    }
    expect(changed).toEqual([])
  })

  it('rounds to the nearest value, and half-way between two to the even one', () => {
    const wrong: number[] = []
    for (let bits = 0; bits < infinity - 1; bits++) {
      const [low, high] = [toValue(bits), toValue(bits + 1)]
      const middle = (low + high) / 2
      const even = bits % 2 === 0 ? bits : bits + 1
      const near = (high - low) / 1000
      if (toBits(middle) !== even || toBits(middle - near) !== bits || toBits(middle + near) !== bits + 1)
        wrong.push(bits)
    }
    expect(wrong).toEqual([])
  })

  it('turns what is too large into infinity and keeps NaN', () => {
    const largest = toValue(infinity - 1)
    expect(toBits(largest * 1.0001)).toBe(infinity - 1)
    expect(toBits(largest * 1.01)).toBe(infinity)
    expect(toBits(-largest * 2)).toBe(infinity | 0x8000)
    expect(toValue(toBits(Number.NaN))).toBeNaN()
    expect(toValue(infinity + 1)).toBeNaN()
  })
})

it.each([
  ['FP16', fp16Bits, { 1: 0x3c00, '-2': 0xc000, 65504: 0x7bff, 0.333251953125: 0x3555, 5.960464477539063e-8: 1 }],
  ['BF16', bf16Bits, { 1: 0x3f80, '-2': 0xc000, 3.140625: 0x4049, 256: 0x4380 }],
])('%s has the bits of IEEE 754', (_name, toBits, known) => {
  for (const [value, bits] of Object.entries(known)) expect([value, toBits(Number(value))]).toEqual([value, bits])
})
