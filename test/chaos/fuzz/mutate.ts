import type { Random } from '../random.js'

/** Bytes that sit at the edges of what formats allow. */
const ODD_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xff, 0x22, 0x5c, 0x7b, 0x0a]

/** The same bytes with a few of them changed, doubled, left out, put in or cut off. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = bytes
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(mutated.length + 1)
    const to = at + random.below(16)
    const before = mutated.subarray(0, at)
    mutated = random.pick([
      () => Buffer.concat([before, Buffer.from([random.pick(ODD_BYTES)]), mutated.subarray(at + 1)]),
      () => Buffer.concat([before, random.bytes(random.below(8)), mutated.subarray(at)]),
      () => Buffer.concat([before, mutated.subarray(at, to), mutated.subarray(at)]),
      () => Buffer.concat([before, mutated.subarray(to)]),
      () => before,
    ])()
  }
  return mutated
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  0.1,
  '',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '9'.repeat(400),
  'x'.repeat(70_000),
  [],
  {},
  [[[[[]]]]],
  { __proto__: 1 },
  { constructor: { prototype: {} } },
]

/** The same JSON value with one of its members replaced, left out, renamed or put into a list. */
export function mutateJson(random: Random, value: unknown): unknown {
  const odd = random.pick(ODD_VALUES)
  if (typeof value !== 'object' || value === null || random.below(6) === 0) return odd
  if (Array.isArray(value)) {
    if (value.length === 0) return [odd]
    const at = random.below(value.length)
    return value.map((member, index) => (index === at ? mutateJson(random, member) : member))
  }
  const members = Object.entries(value)
  if (members.length === 0) return { odd }
  const [key, member] = random.pick(members)
  const others = members.filter(([name]) => name !== key)
  return random.pick([
    () => Object.fromEntries([...others, [key, mutateJson(random, member)]]),
    () => Object.fromEntries([...others, [key, mutateJson(random, member)]]),
    () => Object.fromEntries(others),
    () => Object.fromEntries([...others, [`${key}\u0000`, member]]),
    () => Object.fromEntries([...others, [key, [member]]]),
  ])()
}

/** A body that was JSON: mostly with a strange value in it, sometimes no JSON any more, sometimes far too deep. */
export function mutateJsonText(random: Random, value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  const kind = random.below(10)
  if (kind === 0) return Buffer.from('['.repeat(20_000))
  if (kind < 4) return mutateBytes(random, text)
  return Buffer.from(JSON.stringify(mutateJson(random, value)) ?? '')
}
