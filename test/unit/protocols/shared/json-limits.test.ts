import { expect, it } from 'vitest'
import { excessOf } from '../../../../src/protocols/shared/json-limits.js'

const fields = (count: number) => `{${'"a":1,'.repeat(count - 1)}"a":1}`
const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

it.each<[string, string, string | undefined]>([
  ['as many lists in lists as are allowed', lists(256), undefined],
  ['one more', lists(257), 'is nested deeper than 256'],
  ['objects', '{"a":'.repeat(300), 'is nested deeper than 256'],
  ['many lists beside one another', `[${'[1],'.repeat(10_000)}[1]]`, undefined],
  ['brackets in texts', `["${'['.repeat(500)}","\\"${'{'.repeat(500)}"]`, undefined],
  ['lists after a text that ends in a backslash', `["\\\\",${lists(300)}]`, 'is nested deeper than 256'],
  ['as many fields as are allowed', fields(50_000), undefined],
  ['one field more', fields(50_001), 'has more than 50000 fields'],
  ['as many objects as are allowed', `[${'{},'.repeat(49_999)}{}]`, undefined],
  ['one object more', `[${'{},'.repeat(50_000)}{}]`, 'has more than 50000 objects'],
  ['colons in texts', `["${':'.repeat(60_000)}"]`, undefined],
  ['a text that does not end', `${'[]'.repeat(300)}"${'['.repeat(300)}`, undefined],
])('%s', (_what, text, expected) => {
  expect(excessOf(text)).toBe(expected)
})
