import { bf16Bits, bf16Value, fp16Bits, fp16Value } from './small-float.js'
import type { TensorElement } from './tensor-datatype.js'

interface DecimalFormat {
  /** The value of the format that is nearest to a number. */
  readonly round: (value: number) => number
  /** Decimals of so many digits stay apart in the format; where the value is one of them it is found with these. */
  readonly sure: number
  /** With so many digits every value of the format is told from all others. */
  readonly enough: number
}

const FORMATS: Readonly<Record<string, DecimalFormat>> = {
  FP16: { round: value => fp16Value(fp16Bits(value)), sure: 3, enough: 5 },
  BF16: { round: value => bf16Value(bf16Bits(value)), sure: 2, enough: 4 },
  FP32: { round: Math.fround, sure: 6, enough: 9 },
}

/**
 * An element as it is to be written in decimal: of a small float the number with few digits that is read back as the same
 * value, 0.3 and not 0.30000001192092896. Everything else, and whole numbers up to 2^53, stay as they are.
 */
export function forDecimal(element: TensorElement, datatype: string): TensorElement {
  const format = FORMATS[datatype]
  if (format === undefined || typeof element !== 'number' || Number.isSafeInteger(element)) return element
  for (let digits = format.sure; digits < format.enough; digits++) {
    const decimal = Number(element.toPrecision(digits))
    if (format.round(decimal) === element) return decimal
  }
  return Number(element.toPrecision(format.enough))
}
