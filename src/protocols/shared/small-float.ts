/** A binary floating-point format of 16 bits, as IEEE 754 lays them out: sign, exponent, mantissa. */
interface SmallFloat {
  readonly exponentBits: number
  readonly mantissaBits: number
}

const FP16: SmallFloat = { exponentBits: 5, mantissaBits: 10 }
const BF16: SmallFloat = { exponentBits: 8, mantissaBits: 7 }

/** The 16 bits of the FP16 that is nearest, of two the even one; infinity past 65,519. */
export function fp16Bits(value: number): number {
  return bitsOf(value, FP16)
}

export function fp16Value(bits: number): number {
  return numberOf(bits, FP16)
}

/** The 16 bits of the BF16 that is nearest, of two the even one; infinity past what it can hold. */
export function bf16Bits(value: number): number {
  return bitsOf(value, BF16)
}

export function bf16Value(bits: number): number {
  return numberOf(bits, BF16)
}

const POWERS = Float64Array.from({ length: 2200 }, (_, index) => 2 ** (index - 1100))

/** For whole numbers of which an exponent of an FP64 may be made; many times as fast as `**`. */
function powerOfTwo(exponent: number): number {
  return POWERS[exponent + 1100] as number
}

const scratch = new DataView(new ArrayBuffer(8))

function bitsOf(value: number, { exponentBits, mantissaBits }: SmallFloat): number {
  const bias = powerOfTwo(exponentBits - 1) - 1
  const infinity = (powerOfTwo(exponentBits) - 1) * powerOfTwo(mantissaBits)
  scratch.setFloat64(0, value)
  const high = scratch.getUint32(0)
  const sign = high >>> 31 === 0 ? 0 : 0x8000
  // A quiet NaN: the topmost bit of the mantissa is set.
  if (Number.isNaN(value)) return sign | infinity | (powerOfTwo(mantissaBits) / 2)
  const magnitude = Math.abs(value)
  if (magnitude === Number.POSITIVE_INFINITY) return sign | infinity
  // What is below the smallest normal number has the exponent of that.
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, 1 - bias)
  const mantissa = roundToEven(magnitude * powerOfTwo(mantissaBits - exponent))
  // A mantissa that was rounded up to the next power of two carries into the exponent by itself.
  const bits = mantissa + (exponent - (1 - bias)) * powerOfTwo(mantissaBits)
  return sign | Math.min(bits, infinity)
}

function roundToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}

function numberOf(bits: number, { exponentBits, mantissaBits }: SmallFloat): number {
  const bias = powerOfTwo(exponentBits - 1) - 1
  const topExponent = powerOfTwo(exponentBits) - 1
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits & 0x7fff) >>> mantissaBits
  const fraction = (bits & (powerOfTwo(mantissaBits) - 1)) / powerOfTwo(mantissaBits)
  if (exponent === topExponent) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * powerOfTwo(1 - bias) : sign * (1 + fraction) * powerOfTwo(exponent - bias)
}
