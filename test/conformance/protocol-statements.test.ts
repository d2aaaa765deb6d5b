import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../helpers/daemon-process.js'

const table = readFileSync(join(ROOT, 'test/conformance/protocol-statements.md'), 'utf8')

/** Rows whose number is of this group. */
function rowsOf(group: string) {
  return table
    .split('\n')
    .map(line => line.split('|').map(cell => cell.trim()))
    .filter(([, number = '']) => new RegExp(`^${group}\\d+$`).test(number))
    .map(([, number = '', statement = '', file = '', test = '']) => ({ number, statement, file, test }))
}

describe.each([
  ['MindSpore', 'M'],
  ['EdgeBoard', 'E'],
  ['ASE', 'A'],
])('the statements of %s', (_protocol, group) => {
  const rows = rowsOf(group)

  it('are numbered without a gap, and none comes twice', () => {
    expect(rows.length).toBeGreaterThan(15)
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_row, index) => `${group}${index + 1}`))
    expect(new Set(rows.map(({ statement }) => statement)).size).toBe(rows.length)
  })

  it.each(rows)('$number is checked by a test that exists', ({ file, test }) => {
    const path = join(ROOT, 'test', file)
    expect(existsSync(path), path).toBe(true)
    const source = readFileSync(path, 'utf8')
    const titles = [`'${test}'`, `"${test}"`, `\`${test}\``]
    expect(
      titles.some(title => source.includes(title)),
      `${file} has no test '${test}'`,
    ).toBe(true)
  })
})
