import { extname } from 'node:path'
import { usageError } from './exit-codes.js'

/** Samples that can be sent piece by piece. */
export interface Recording {
  /** Samples per second. */
  readonly sampleRate: number
  readonly channels: number
  /** Bits of a sample of one channel. */
  readonly bitDepth: number
  readonly samples: Buffer
}

const RAW_SUFFIXES = ['.pcm', '.raw']
/** Format tags of WAV files (Microsoft's WAVEFORMATEX). */
const PCM = 1
const EXTENSIBLE = 0xfffe
/** The format tag of an extensible WAV is the beginning of its sub-format, behind the 24 bytes of the other fields. */
const SUB_FORMAT_AT = 24

/** The chunks of a RIFF file by their name; sizes past the end of the file, as unfinished and piped files have, are cut. */
function riffChunks(file: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>()
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4)
    const name = file.toString('latin1', at, at + 4)
    chunks.set(name, file.subarray(at + 8, at + 8 + size))
    at += 8 + size + (size % 2)
  }
  return chunks
}

function parseWav(name: string, file: Buffer): Recording {
  const chunks = riffChunks(file)
  const format = chunks.get('fmt ')
  const samples = chunks.get('data')
  if (format === undefined || format.length < 16 || samples === undefined) {
    throw usageError(`${name} is a broken WAV file: it has no "fmt " or no "data"`)
  }
  const tag = format.readUInt16LE(0)
  const isExtensible = tag === EXTENSIBLE && format.length >= SUB_FORMAT_AT + 2
  const codec = isExtensible ? format.readUInt16LE(SUB_FORMAT_AT) : tag
  if (codec !== PCM) throw usageError(`${name} is a WAV file with codec ${codec}; only PCM (1) can be cut into frames`)
  const recording = {
    sampleRate: format.readUInt32LE(4),
    channels: format.readUInt16LE(2),
    bitDepth: format.readUInt16LE(14),
    samples,
  }
  if (recording.sampleRate === 0 || bytesPerMoment(recording) === 0) {
    throw usageError(`${name} is a broken WAV file: it says that a second has no bytes`)
  }
  return recording
}

/** Bytes of the samples of all channels at one moment. */
const bytesPerMoment = ({ channels, bitDepth }: Recording) => channels * Math.ceil(bitDepth / 8)

/**
 * Reads a WAV file with PCM, or a `.pcm` or `.raw` file, which counts as 16-bit mono with 16,000 samples per second.
 * @throws CommandError for another kind of file, a broken one, and one without samples
 */
export function parseRecording(name: string, file: Buffer): Recording {
  const isWav = file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WAVE'
  if (!isWav && !RAW_SUFFIXES.includes(extname(name).toLowerCase())) {
    throw usageError(`${name} cannot be streamed; allowed: a WAV file with PCM, or samples in a .pcm or .raw file`)
  }
  const recording = isWav ? parseWav(name, file) : { sampleRate: 16_000, channels: 1, bitDepth: 16, samples: file }
  if (recording.samples.length === 0) throw usageError(`${name} holds no samples`)
  return recording
}

/** Cuts a recording into pieces of `frameMs` ms, never through a sample; the last one may be shorter. */
export function cutRecording(recording: Recording, frameMs: number): readonly Buffer[] {
  const { samples, sampleRate } = recording
  const size = Math.max(1, Math.round((sampleRate * frameMs) / 1000)) * bytesPerMoment(recording)
  const count = Math.ceil(samples.length / size)
  return Array.from({ length: count }, (_, index) => samples.subarray(index * size, (index + 1) * size))
}
