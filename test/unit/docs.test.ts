import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REASONS, type Reason } from '../../src/core/error.js'
import { ASE_ERRORS } from '../../src/protocols/ase/error-map.js'
import { EDGEBOARD_CODES } from '../../src/protocols/edgeboard/error-map.js'
import { HTTP_STATUS } from '../../src/protocols/shared/http-status.js'

const root = resolve(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(resolve(root, name), 'utf8')
const rows = (text: string) =>
  text
    .split('\n')
    .filter(line => line.startsWith('| '))
    .map(line => line.split('|').map(cell => cell.trim()))

/** A row of the error table, as the code has it. */
const errorRow = (reason: Reason) => {
  const { code, http } = ASE_ERRORS[reason]
  return `| ${reason} | ${code} | ${http} | ${REASONS[reason].meaning} | ${REASONS[reason].cure} |`
}
const reasons = Object.keys(REASONS) as Reason[]

describe('README.md', () => {
  it('lists every error of the catalogue as the code has it, and no other', () => {
    const listed = read('README.md')
      .split('\n')
      .filter(line => /^\| [a-z]+(_[a-z]+)* \| \d{5} \|/.test(line))
    expect(listed).toEqual(reasons.map(errorRow))
  })

  it('names every key of the example configuration, and no other', () => {
    const example = read('aiges.toml.example')
    const keys = new Set([...example.matchAll(/^(?:# )?([A-Za-z_]+) = /gm)].map(match => match[1]))
    const table = rows(read('README.md')).filter(([, key]) => /^`\[|^`\[aiges|`http_listen`/.test(key ?? ''))
    const named = new Set(
      table.flatMap(([, cell = '']) => [...cell.matchAll(/`(?:\[[^\]]+\] )?([A-Za-z_]+)`/g)].map(match => match[1])),
    )
    expect([...named].sort()).toEqual([...keys].sort())
  })
})

describe('docs/edgeboard.md', () => {
  it('lists every error of the catalogue as the code has it, and no other', () => {
    const listed = rows(read('docs/edgeboard.md')).filter(([, , code]) => /^\d{4}$/.test(code ?? ''))
    const expected = (Object.keys(EDGEBOARD_CODES) as Reason[]).map(reason => [
      ...['', reason, String(EDGEBOARD_CODES[reason]), String(HTTP_STATUS[reason])],
      ...[REASONS[reason].meaning, ''],
    ])
    expect(listed).toEqual(expected)
  })
})

describe("README.md's promises", () => {
  const guards = rows(read('README.md')).flatMap(([, , cell = '']) =>
    [...cell.matchAll(/`(test\/[^`]+\.ts)`/g)].map(match => match[1] ?? ''),
  )

  it('are guarded by tests', () => expect(new Set(guards).size).toBeGreaterThan(10))

  it.each(guards)('%s exists', guard => expect(existsSync(resolve(root, guard))).toBe(true))
})

describe('README.zh-CN.md', () => {
  it('lists the same errors with the same numbers', () => {
    const numbers = (text: string) =>
      rows(text)
        .filter(([, , code]) => /^\d{5}$/.test(code ?? ''))
        .map(([, reason, code, http]) => [reason, code, http])
    expect(numbers(read('README.zh-CN.md'))).toEqual(numbers(read('README.md')))
  })

  it('has the same commands and configuration keys', () => {
    const literals = (text: string) => [...new Set([...text.matchAll(/`([^`\n]+)`/g)].map(match => match[1]))].sort()
    const missing = literals(read('README.md')).filter(literal => !literals(read('README.zh-CN.md')).includes(literal))
    expect(missing).toEqual([])
  })
})
