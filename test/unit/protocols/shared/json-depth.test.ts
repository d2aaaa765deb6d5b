import { expect, it } from 'vitest'
import { isTooDeep } from '../../../../src/protocols/shared/json-depth.js'

const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

it.each<[string, string, boolean]>([
  ['as many lists in lists as are allowed', lists(256), false],
  ['one more', lists(257), true],
  ['objects', '{"a":'.repeat(300), true],
  ['many lists beside one another', `[${'[1],'.repeat(10_000)}[1]]`, false],
  ['brackets in texts', `["${'['.repeat(500)}","\\"${'{'.repeat(500)}"]`, false],
  ['lists after a text that ends in a backslash', `["\\\\",${lists(300)}]`, true],
  ['a text that does not end', `${'[]'.repeat(300)}"${'['.repeat(300)}`, false],
])('%s', (_what, text, expected) => {
  expect(isTooDeep(text)).toBe(expected)
})
