/** A chunk of a RIFF file; `size` is what its header says, by default the truth. */
export function riffChunk(name: string, data: Buffer, size = data.length): Buffer {
  const header = Buffer.alloc(8)
  header.write(name, 'latin1')
  header.writeUInt32LE(size, 4)
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)])
}

export interface WavOptions {
  readonly tag?: number
  readonly channels?: number
  readonly sampleRate?: number
  readonly bitDepth?: number
  readonly samples?: Buffer
  /** What the header of the samples says of their size. */
  readonly dataSize?: number
  /** Further fields of the format. */
  readonly extension?: Buffer
  /** Chunks before the samples. */
  readonly before?: Buffer
}

/** A WAV file, 16-bit mono PCM with 16,000 samples per second unless told otherwise. */
export function wavFile(options: WavOptions): Buffer {
  const { tag = 1, channels = 1, sampleRate = 16_000, bitDepth = 16, samples = Buffer.alloc(0) } = options
  const format = Buffer.alloc(16)
  const block = (channels * bitDepth) / 8
  format.writeUInt16LE(tag, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(sampleRate, 4)
  format.writeUInt32LE(sampleRate * block, 8)
  format.writeUInt16LE(block, 12)
  format.writeUInt16LE(bitDepth, 14)
  const { extension = Buffer.alloc(0), before = Buffer.alloc(0), dataSize } = options
  const chunks = [riffChunk('fmt ', Buffer.concat([format, extension])), before, riffChunk('data', samples, dataSize)]
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]))
}
