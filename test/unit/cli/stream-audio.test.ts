import { expect, test } from 'vitest'
import { cutRecording, parseRecording } from '../../../src/cli/stream-audio.js'
import { riffChunk, wavFile } from './stream-wav-file.js'

const samples = Buffer.from('0123456789ab')

test('reads rate, channels and depth of a WAV file, past chunks that it does not know', () => {
  const before = riffChunk('LIST', Buffer.from('odd'))
  const file = wavFile({ sampleRate: 8000, channels: 2, bitDepth: 24, samples, before })
  expect(parseRecording('a.wav', file)).toEqual({ sampleRate: 8000, channels: 2, bitDepth: 24, samples })
})

test('reads an extensible WAV file by its sub-format', () => {
  const extension = Buffer.alloc(24)
  extension.writeUInt16LE(1, 8)
  const file = wavFile({ tag: 0xfffe, extension, samples })
  expect(parseRecording('a.wav', file).samples).toEqual(samples)
  extension.writeUInt16LE(3, 8)
  expect(() => parseRecording('a.wav', wavFile({ tag: 0xfffe, extension, samples }))).toThrow('codec 3')
})

test('a WAV file from a pipe, whose header does not know its length, is read to its end', () => {
  const file = wavFile({ samples, dataSize: 0x7ffff000 })
  expect(parseRecording('a.wav', file).samples).toEqual(samples)
})

test('a WAV file is known by its beginning, not by its name', () => {
  expect(parseRecording('speech', wavFile({ sampleRate: 8000, samples })).sampleRate).toBe(8000)
})

test.each(['a.pcm', 'a.RAW'])('%s counts as 16-bit mono with 16,000 samples per second', name => {
  expect(parseRecording(name, samples)).toEqual({ sampleRate: 16_000, channels: 1, bitDepth: 16, samples })
})

test.each([
  ['a.mp3', samples, 'a.mp3 cannot be streamed; allowed: a WAV file with PCM, or samples in a .pcm or .raw file'],
  ['a.pcm', Buffer.alloc(0), 'a.pcm holds no samples'],
  ['a.wav', wavFile({}), 'a.wav holds no samples'],
  ['a.wav', wavFile({ tag: 7, samples }), 'a.wav is a WAV file with codec 7; only PCM (1) can be cut into frames'],
  ['a.wav', wavFile({ sampleRate: 0, samples }), 'a.wav is a broken WAV file: it says that a second has no bytes'],
  ['a.wav', wavFile({ channels: 0, samples }), 'a.wav is a broken WAV file: it says that a second has no bytes'],
  ['a.wav', wavFile({ samples }).subarray(0, 30), 'a.wav is a broken WAV file: it has no "fmt " or no "data"'],
  ['a.wav', wavFile({ samples }).subarray(0, 12), 'a.wav is a broken WAV file: it has no "fmt " or no "data"'],
])('%s is refused with the reason: %#', (name, file, message) => {
  expect(() => parseRecording(name, file)).toThrow(message)
})

test.each([
  [{ sampleRate: 16_000, channels: 1, bitDepth: 16 }, 40, 3000, [1280, 1280, 440]],
  [{ sampleRate: 16_000, channels: 1, bitDepth: 16 }, 40, 1280, [1280]],
  [{ sampleRate: 11_025, channels: 2, bitDepth: 16 }, 10, 900, [440, 440, 20]],
  [{ sampleRate: 8000, channels: 1, bitDepth: 8 }, 20, 200, [160, 40]],
  [{ sampleRate: 100, channels: 2, bitDepth: 24 }, 1, 12, [6, 6]],
])('cuts %j into frames of %d ms, never through a sample', (format, frameMs, length, sizes) => {
  const recording = { ...format, samples: Buffer.from(Array.from({ length }, (_, index) => index % 256)) }
  const pieces = cutRecording(recording, frameMs)
  expect(pieces.map(piece => piece.length)).toEqual(sizes)
  expect(Buffer.concat(pieces)).toEqual(recording.samples)
})
