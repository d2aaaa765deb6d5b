import { describe, expect, it } from 'vitest'
import { FrameReader, frameHeader } from '../../../src/plugin/frame.js'

const frame = (text: string) => Buffer.concat([frameHeader(Buffer.byteLength(text)), Buffer.from(text)])

function reader() {
  const frames: string[] = []
  return { frames, push: new FrameReader(bytes => frames.push(bytes.toString())) }
}

describe('FrameReader', () => {
  it('finds the messages however the bytes are cut', () => {
    const texts = ['', 'a', 'hello', 'x'.repeat(1000), '']
    const bytes = Buffer.concat(texts.map(frame))
    for (const size of [1, 2, 3, 4, 5, 7, 64, bytes.length]) {
      const { frames, push } = reader()
      for (let at = 0; at < bytes.length; at += size) push.push(bytes.subarray(at, at + size))
      expect(frames, `pieces of ${size}`).toEqual(texts)
    }
  })

  it('keeps what is unfinished until the rest comes', () => {
    const { frames, push } = reader()
    const bytes = frame('hello')
    push.push(bytes.subarray(0, 6))
    expect(frames).toEqual([])
    push.push(bytes.subarray(6))
    expect(frames).toEqual(['hello'])
  })

  it('does not wait for the rest of a message that nobody can mean', () => {
    const { push } = reader()
    expect(() => push.push(Buffer.from('ffffffff', 'hex'))).toThrow(/4294967295 bytes/)
  })
})
