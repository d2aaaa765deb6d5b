import { Status } from '../core/payload.js'
import type { Recording } from './stream-audio.js'

/** What the frames of a session say. */
export interface SessionInputs {
  /** Key of the input. */
  readonly key: string
  readonly recording: Recording
  /** The samples of each frame, at least one; see `cutRecording`. */
  readonly pieces: readonly Buffer[]
  /** ASE's `parameter`: parameters and accepts of the services. */
  readonly parameter: object
  /** What the first header has beside its status. */
  readonly header?: object
}

/** Yields a session's frames in JSON. The first one brings the parameters; a session of one frame begins with its last. */
export function* encodeFrames({ key, recording, pieces, parameter, header }: SessionInputs): Generator<string> {
  const { sampleRate, channels, bitDepth } = recording
  const attributes = { encoding: 'raw', sample_rate: sampleRate, channels, bit_depth: bitDepth }
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1
    const status = isLast ? Status.end : index === 0 ? Status.begin : Status.continue
    yield JSON.stringify({
      header: { ...(index === 0 && header), status },
      ...(index === 0 && { parameter }),
      payload: { [key]: { ...attributes, status, audio: piece.toString('base64') } },
    })
  }
}
