import { describe, expect, it } from 'vitest'
import { StopSequences } from '../../../../src/protocols/openai/stop-sequences.js'

/** What comes of pieces of text: what is passed on piece by piece, and whether a sequence ended it. */
function passOn(sequences: string[], pieces: string[]) {
  const stops = new StopSequences(sequences)
  const passed: string[] = []
  for (const piece of pieces) {
    const { text, stopped } = stops.add(piece)
    passed.push(text)
    if (stopped) return { passed, stopped }
  }
  return { passed: [...passed, stops.rest()], stopped: false }
}

describe('a text with stop sequences', () => {
  it.each([
    ['no sequence', [], ['abc', 'd'], ['abc', 'd', ''], false],
    ['within a piece', ['END'], ['one END two'], ['one '], true],
    ['across pieces', ['END'], ['one E', 'N', 'D two'], ['one ', '', ''], true],
    ['only begun', ['END'], ['one E', 'N', 'X'], ['one ', '', 'ENX', ''], false],
    ['begun when the text ends', ['END'], ['one EN'], ['one ', 'EN'], false],
    ['begun anew', ['aab'], ['aa', 'ab'], ['', 'a'], true],
    ['the first of several', ['two', 'one'], ['x one two'], ['x '], true],
    ['one within another', ['abcd', 'bc'], ['ab', 'c'], ['', 'a'], true],
    ['at once', ['a'], ['abc'], [''], true],
    ['of characters outside the BMP', ['😀!'], ['x😀', '!'], ['x', ''], true],
  ])('%s', (_name, sequences, pieces, passed, stopped) => {
    expect(passOn(sequences, pieces)).toEqual({ passed, stopped })
  })
})
