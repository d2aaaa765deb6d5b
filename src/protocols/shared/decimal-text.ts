import { forDecimal } from './float-decimal.js'
import type { TensorElement } from './tensor-datatype.js'

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e
const COMMA = 0x2c

/** Longer than any element. */
const ROOM = 64

const UNKNOWN = -1

const MOST_DECIMALS = 12

const POWERS = Float64Array.from({ length: MOST_DECIMALS + 1 }, (_, exponent) => 10 ** exponent)

/** Writes elements of tensors in decimal, as `String(forDecimal(…))` does, without a string for each. */
export class DecimalText {
  private readonly bytes = Buffer.allocUnsafe(64 * 1024)
  private size = 0
  private text = ''
  /** There are few values of small floats, and each takes long to find. */
  private readonly known = new Map<number, string>()

  /** @param showsFloats whether floats always have a fraction or an exponent, so that they are told from whole numbers */
  constructor(
    private readonly datatype: string,
    private readonly showsFloats: boolean,
  ) {}

  /** Adds some letters of ASCII. */
  add(text: string): void {
    this.makeRoom(text.length)
    for (let index = 0; index < text.length; index++) this.bytes[this.size++] = text.charCodeAt(index)
  }

  addComma(): void {
    this.makeRoom()
    this.bytes[this.size++] = COMMA
  }

  addElement(element: TensorElement): void {
    this.makeRoom()
    const number = typeof element === 'bigint' ? Number(element) : element
    if (typeof number === 'number' && Math.abs(number) <= Number.MAX_SAFE_INTEGER && number === Math.floor(number)) {
      this.addWhole(number)
    } else if (typeof element === 'number' && Number.isFinite(element)) this.addFraction(element)
    else this.add(String(element))
  }

  /** What was added since it was last taken. */
  take(): string {
    this.flush()
    const { text } = this
    this.text = ''
    return text
  }

  private makeRoom(length = ROOM): void {
    if (this.size + length > this.bytes.length) this.flush()
  }

  private flush(): void {
    this.text += this.bytes.toString('latin1', 0, this.size)
    this.size = 0
  }

  private addWhole(number: number): void {
    if (number < 0 || (this.showsFloats && Object.is(number, -0))) this.bytes[this.size++] = MINUS
    const magnitude = Math.abs(number)
    if (magnitude < 1e9) this.addDigits(magnitude, 1)
    else {
      const billions = Math.floor(magnitude / 1e9)
      this.addDigits(billions, 1)
      this.addDigits(magnitude - billions * 1e9, 9)
    }
    if (this.showsFloats) this.add('.0')
  }

  private addFraction(number: number): void {
    const magnitude = Math.abs(number)
    const decimals = this.decimalsOf(magnitude)
    if (decimals === UNKNOWN) this.add(this.rare(number))
    else this.addDecimal(number < 0, Math.round(magnitude * (POWERS[decimals] as number)), decimals)
  }

  /** How many decimals stand for a fraction, if that is found quickly and it has no more than nine digits then. */
  private decimalsOf(magnitude: number): number {
    if (this.datatype === 'FP64') {
      // No other decimal of so few digits is nearest to the same FP64.
      return magnitude < 1000 && Math.round(magnitude * 1e6) / 1e6 === magnitude ? 6 : UNKNOWN
    }
    if (this.datatype !== 'FP32' || magnitude < 1e-6 || magnitude >= 2 ** 24) return UNKNOWN
    // As `forDecimal`: six digits at first. Up to ten to the power of twelve the product of an FP32 is exact.
    let decimals = 1
    while (decimals < MOST_DECIMALS && magnitude * (POWERS[decimals] as number) < 1e5) decimals++
    for (; decimals <= MOST_DECIMALS; decimals++) {
      const power = POWERS[decimals] as number
      const digits = Math.round(magnitude * power)
      if (digits >= 1e9) break
      if (Math.fround(digits / power) === magnitude) return decimals
    }
    return UNKNOWN
  }

  private rare(number: number): string {
    if (this.datatype === 'FP32' || this.datatype === 'FP64') return this.textOf(number)
    let text = this.known.get(number)
    if (text === undefined) {
      text = this.textOf(number)
      this.known.set(number, text)
    }
    return text
  }

  private textOf(number: number): string {
    const text = String(forDecimal(number, this.datatype))
    return this.showsFloats && !/[.e]/.test(text) ? `${text}.0` : text
  }

  /** Adds a fraction that is not 0, without the zeros at its end. @param digits below 10^9 */
  private addDecimal(isNegative: boolean, digits: number, decimals: number): void {
    let rest = digits
    let places = decimals
    while (rest % 10 === 0) {
      rest /= 10
      places--
    }
    const power = POWERS[places] as number
    const whole = Math.floor(rest / power)
    if (isNegative) this.bytes[this.size++] = MINUS
    this.addDigits(whole, 1)
    this.bytes[this.size++] = POINT
    this.addDigits(rest - whole * power, places)
  }

  /** @param number whole, from 0 to 10^9 - 1 @param atLeast so many digits, with zeros before them */
  private addDigits(number: number, atLeast: number): void {
    const { bytes } = this
    let length = atLeast
    while (length < 9 && number >= (POWERS[length] as number)) length++
    let rest = number | 0
    for (let at = this.size + length - 1; at >= this.size; at--) {
      const tenth = (rest / 10) | 0
      bytes[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.size += length
  }
}
