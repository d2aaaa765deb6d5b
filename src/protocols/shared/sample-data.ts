import type { ModelSchema } from '../../core/model.js'
import type { DataType } from '../../core/payload.js'
import { isObject } from './json-object.js'

/** A picture of one transparent pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

/** A hundredth of a second of silence: 16 kHz, 16 bit, one channel. */
function silentWav(): Buffer {
  const samples = Buffer.alloc(320)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(16_000, 24)
  header.writeUInt32LE(32_000, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}

/** Small valid data of each type in base64, for example requests. No video is small enough: that one is just bytes. */
export const SAMPLE_DATA: Readonly<Record<DataType, string>> = {
  text: Buffer.from('hello').toString('base64'),
  audio: silentWav().toString('base64'),
  image: PNG,
  video: Buffer.alloc(16).toString('base64'),
  other: Buffer.from('hello').toString('base64'),
}

/** The `encoding` of each sample. */
export const SAMPLE_ENCODINGS: Readonly<Record<DataType, string>> = {
  text: 'utf8',
  audio: 'wav',
  image: 'png',
  video: 'raw',
  other: 'raw',
}

/** Data for an input, in base64: that of the wrapper's own example, or a sample. */
export function sampleInput(schema: ModelSchema | undefined, key: string, type: DataType): string {
  const payload = schema?.example?.['payload']
  const input = isObject(payload) ? payload[key] : undefined
  const data = isObject(input) ? input[type] : undefined
  return typeof data === 'string' ? data : SAMPLE_DATA[type]
}
