import { describe, expect, it } from 'vitest'
import type { ModelAbilities } from '../../../src/core/model.js'
import { checkMethod } from '../../../src/session/abilities.js'

const plain: ModelAbilities = { once: true, streamingOutput: false, sessions: false, chat: false, resources: false }
const method = (name: string) => ({ name, inputs: [], outputs: [] })

describe('checkMethod', () => {
  it.each([
    ['the plain call', undefined, plain],
    ['a method', 'add', plain],
    ['chat, by the ability', 'chat', { ...plain, once: false, chat: true }],
    ['whatever is asked while the wrapper has not started yet', 'add', undefined],
  ])('lets pass %s', (_, name, abilities) => {
    const methods = abilities && [method('add')]
    expect(() => checkMethod('m', name, { abilities, methods })).not.toThrow()
  })

  it.each([
    ['an unknown method', 'mul', plain, 'method_unknown', "m has no method 'mul'; it has the methods add, not"],
    ['chat', 'chat', plain, 'ability_missing', 'the wrapper of m does not chat (wrapperChat)'],
    [
      'a plain call',
      undefined,
      { ...plain, once: false },
      'ability_missing',
      'the wrapper of m has no plain call (wrapperOnceExec); it has the methods add, not',
    ],
  ])('refuses %s where the wrapper lacks it', (_, name, abilities, reason, message) => {
    const known = { abilities, methods: [method('add'), method('not')] }
    expect(() => checkMethod('m', name, known)).toThrow(expect.objectContaining({ reason, message }))
  })
})
