import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../src/core/payload.js'
import { wireTexts } from '../../../src/plugin/wire-text.js'
import { toWire as toWireV1 } from '../../../src/plugin/wire-v1.js'
import { toWire as toWireV2 } from '../../../src/plugin/wire-v2.js'

/** Half a surrogate pair, and what stands for it. */
const HALF = '\ud800'
const WHOLE = '\ufffd'

const payload: Payload = { key: HALF, type: 'text', status: 3, attributes: { [HALF]: 'a', b: HALF }, data: Buffer.of() }

describe('texts on their way to a plugin', () => {
  it('have no half of a surrogate pair, neither in a name nor in a value', () => {
    expect(wireTexts({ [`a${HALF}`]: '1', b: `${HALF}b`, c: '\u{1f600}' })).toEqual({
      [`a${WHOLE}`]: '1',
      b: `${WHOLE}b`,
      c: '\u{1f600}',
    })
  })

  it('are handed on as they are when nothing is wrong with them', () => {
    const texts = { a: 'ü', '\u{1f600}': '' }
    expect(wireTexts(texts)).toBe(texts)
  })

  it('stand so in payloads of both protocols', () => {
    const attributes = { [WHOLE]: 'a', b: WHOLE }
    expect(toWireV2(payload)).toMatchObject({ key: WHOLE, attributes })
    expect(toWireV1(payload)).toMatchObject({ key: WHOLE, desc: attributes })
  })
})
