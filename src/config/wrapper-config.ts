import type { TomlTable } from 'smol-toml'
import type { Problem } from './problem.js'
import { isTable } from './toml-file.js'

/** A float in plain digits without an exponent, as the reference hands floats to wrappers. */
function plainDigits(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e')
  if (exponent === undefined) return mantissa
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  return point <= 0 ? `${sign}0.${'0'.repeat(-point)}${digits}` : sign + digits.padEnd(point, '0')
}

/**
 * Turns a table into the flat strings that `wrapperInit` gets: true → "true", 10 → "10", 1.5 → "1.5", a dotted key for
 * what stands in a nested table. An array has no such form and becomes a problem.
 */
export function flattenToStrings(
  table: TomlTable,
  path: readonly string[] = [],
): { values: Record<string, string>; problems: Problem[] } {
  const values: Record<string, string> = {}
  const problems: Problem[] = []
  for (const [key, value] of Object.entries(table)) {
    const here = [...path, key]
    if (Array.isArray(value)) {
      problems.push({ path: here, found: value, allowed: 'a string, a number, true, false or a table of these' })
    } else if (isTable(value)) {
      const inner = flattenToStrings(value, here)
      problems.push(...inner.problems)
      for (const [innerKey, innerValue] of Object.entries(inner.values)) values[`${key}.${innerKey}`] = innerValue
    } else if (value instanceof Date) {
      values[key] = value.toISOString()
    } else {
      values[key] = typeof value === 'number' ? plainDigits(value) : String(value)
    }
  }
  return { values, problems }
}
