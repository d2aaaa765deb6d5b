import type { InferenceResult, Usage } from '../../core/inference.js'
import { StopSequences } from './stop-sequences.js'

/** A piece of an answer. */
export interface ChatPiece {
  /** May be empty, in the last piece. */
  readonly text: string
  /** In the last piece, and nowhere else: why the text ends there. */
  readonly finishReason?: string
  /** In the last piece, if the model counts. */
  readonly usage?: Usage
}

/**
 * The text of an answer as it comes, ended before the first stop sequence whether or not the wrapper heeds it. The last
 * piece says why it ends: what the wrapper gives as `finish_reason`, else `stop`.
 */
export async function* chatText(
  results: AsyncIterable<InferenceResult>,
  stop: readonly string[],
): AsyncGenerator<ChatPiece> {
  const stops = new StopSequences(stop)
  // A character may be cut in two between results.
  const decoder = new TextDecoder()
  let finishReason = 'stop'
  let usage: Usage | undefined
  const last = (text: string): ChatPiece => ({ text, finishReason, ...(usage && { usage }) })

  for await (const result of results) {
    usage = result.usage ?? usage
    for (const { attributes, data } of result.payloads) {
      const { text, stopped } = stops.add(decoder.decode(data, { stream: true }))
      if (stopped) {
        finishReason = 'stop'
        yield last(text)
        return
      }
      finishReason = attributes['finish_reason'] || finishReason
      if (text !== '') yield { text }
    }
  }
  const { text, stopped } = stops.add(decoder.decode())
  yield last(stopped ? text : text + stops.rest())
}
