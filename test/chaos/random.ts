/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Buffer
}

/** @param seed a whole number below 2^32 (mulberry32) */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  return {
    next,
    below,
    pick: choices => {
      if (choices.length === 0) throw new RangeError('nothing to pick from')
      return choices[below(choices.length)] as (typeof choices)[number]
    },
    bytes: length => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
