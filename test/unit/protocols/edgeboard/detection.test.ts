import { describe, expect, it } from 'vitest'
import { readHits } from '../../../../src/protocols/edgeboard/detection.js'
import { textOutput } from '../shared/fake-inference.js'
import { DRAWN, HIT, hits } from './edgeboard-server.js'

const WHOLE = { left: 0, top: 0, width: 20, height: 10 }
const read = (value: unknown) => readHits([hits(value)], () => WHOLE)

describe('readHits', () => {
  it.each([
    ['no hit', [], []],
    ['hits as they are', [HIT, { ...HIT, index: 3 }], [HIT, { ...HIT, index: 3 }]],
    ['one hit', HIT, [HIT]],
    ['what the model adds', { ...HIT, extended: { age: 3 } }, [{ ...HIT, extended: { age: 3 } }]],
    [
      'members that hits do not have',
      { ...HIT, id: 9, extended: { age: 3 } },
      [{ ...HIT, extended: { id: 9, age: 3 } }],
    ],
    [
      'a hit past the edge',
      { ...HIT, location: { ...WHOLE, left: -1.5 } },
      [{ ...HIT, location: { ...WHOLE, left: -1.5 } }],
    ],
    [
      'the digit of MNIST',
      { result: 7, msg: 'seven' },
      [{ index: 7, label: '7', score: 1, location: WHOLE, extended: { msg: 'seven' } }],
    ],
    ['a class by name', { result: 'cat', score: 0.25 }, [{ index: 0, label: 'cat', score: 0.25, location: WHOLE }]],
    ['a class by number', { index: 4 }, [{ index: 4, label: '4', score: 1, location: WHOLE }]],
    ['a class by its label', { label: 'cat' }, [{ index: 0, label: 'cat', score: 1, location: WHOLE }]],
    ['number and label', { index: 4, label: 'cat', score: 0 }, [{ index: 4, label: 'cat', score: 0, location: WHOLE }]],
    [
      'the classes of one picture',
      [
        { label: 'cat', index: 1 },
        { label: 'dog', index: 2, score: 0.1 },
      ],
      [
        { index: 1, label: 'cat', score: 1, location: WHOLE },
        { index: 2, label: 'dog', score: 0.1, location: WHOLE },
      ],
    ],
  ])('reads %s', (_what, value, expected) => {
    expect(read(value)).toEqual(expected)
  })

  it.each([
    ['a number', 7, "output 'result': must be an object"],
    ['null', [null], "output 'result'[0]: must be an object"],
    ['an object that says nothing', { score: 1 }, 'must be an object with index, label or result'],
    ['an index below 0', { index: -1 }, '.index: must be a whole number from 0'],
    ['an index in words', { index: 'cat' }, '.index: must be a whole number from 0'],
    ['a broken index', { index: 1.5 }, '.index: must be a whole number from 0'],
    ['a label that is none', { index: 1, label: [] }, '.label: must be a string'],
    ['a score above 1', { index: 1, score: 98 }, '.score: must be a number from 0 to 1'],
    ['a score below 0', { index: 1, score: -0.1 }, '.score: must be a number from 0 to 1'],
    ['a score in words', { index: 1, score: 'high' }, '.score: must be a number from 0 to 1'],
    ['a location that is a list', { index: 1, location: [1, 2, 3, 4] }, '.location: must be an object with left'],
    [
      'a location without height',
      { index: 1, location: { left: 1, top: 1, width: 1 } },
      '.location.height: must be a number',
    ],
    ['a negative width', { index: 1, location: { ...WHOLE, width: -1 } }, '.location.width: must be a number from 0'],
    ['extended that is no object', [HIT, { ...HIT, extended: 1 }], "'result'[1].extended: must be an object"],
  ])('refuses %s', (_what, value, text) => {
    expect(() => read(value)).toThrow(expect.objectContaining({ reason: 'output_mismatch' }))
    expect(() => read(value)).toThrow(text)
  })

  it('takes the first text among the outputs', () => {
    expect(readHits([DRAWN, hits(), textOutput('more')], () => WHOLE)).toEqual([HIT])
  })

  it('says what there is when there is no text', () => {
    expect(() => readHits([DRAWN], () => WHOLE)).toThrow('the model gives no text with its hits, but drawn (image)')
    expect(() => readHits([], () => WHOLE)).toThrow('but nothing')
  })

  it('refuses a text that is not JSON', () => {
    expect(() => readHits([textOutput('seven')], () => WHOLE)).toThrow("output 'result': must be JSON")
  })
})
