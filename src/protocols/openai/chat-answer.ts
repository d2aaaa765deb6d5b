import type { Usage } from '../../core/inference.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import type { ChatPiece } from './chat-text.js'

/** What all parts of one answer have in common. */
export interface ChatAnswerHead {
  readonly id: string
  /** Unix time in seconds. */
  readonly created: number
  readonly model: string
}

export function answerHead(sid: string, model: string): ChatAnswerHead {
  return { id: `chatcmpl-${sid}`, created: unixTime(), model }
}

/** A whole answer; without `usage` where the model does not count. @param last the last piece, which says how it ended */
export function encodeCompletion(head: ChatAnswerHead, content: string, last: ChatPiece): JsonObject {
  const { id, ...rest } = head
  const message = { role: 'assistant', content, refusal: null }
  return {
    id,
    object: 'chat.completion',
    ...rest,
    choices: [{ index: 0, message, logprobs: null, finish_reason: last.finishReason }],
    ...(last.usage && { usage: encodeUsage(last.usage) }),
  }
}

/** One piece of a streamed answer. @param first the first one names the role */
export function encodeChunk(head: ChatAnswerHead, { text, finishReason }: ChatPiece, first: boolean): JsonObject {
  const delta = { ...(first && { role: 'assistant' }), ...((first || text !== '') && { content: text }) }
  return chunk(head, [{ index: 0, delta, logprobs: null, finish_reason: finishReason ?? null }])
}

/** The chunk at the end of a stream whose client asked for the usage. */
export function encodeUsageChunk(head: ChatAnswerHead, usage: Usage): JsonObject {
  return { ...chunk(head, []), usage: encodeUsage(usage) }
}

function chunk({ id, ...rest }: ChatAnswerHead, choices: readonly JsonObject[]): JsonObject {
  return { id, object: 'chat.completion.chunk', ...rest, choices }
}

function encodeUsage({ input, output }: Usage): JsonObject {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}

/** When this process began, which stands for the time at which a model was made. */
const STARTED = unixTime()

export function encodeModel({ name }: ModelInfo): JsonObject {
  return { id: name, object: 'model', created: STARTED, owned_by: 'aiservice' }
}

function unixTime(): number {
  return Math.floor(Date.now() / 1000)
}
