import { ServiceError, toServiceError } from './error.js'
import type { InferenceResult, Session } from './inference.js'
import { Status } from './payload.js'

/** Is told that a request has ended, maybe more than once; the first time counts. @param failure absent: it went well */
export type OnEnd = (failure?: ServiceError) => void

/** Why a request ended whose reader left the results before the last one. */
const LEFT = new ServiceError('cancelled')

/** The same session, whose end is told: the last result, a failure, close or abort. */
export function watchSession(session: Session, onEnd: OnEnd): Session {
  const { failed } = session
  void failed.then(onEnd)
  return {
    write: frame => session.write(frame),
    failed,
    results: watchResults(session.results, onEnd),
    close() {
      onEnd()
      session.close()
    },
    abort(reason) {
      onEnd(reason)
      session.abort(reason)
    },
  }
}

/** The same results. The last one ends the request, whether or not its reader comes for more. */
export async function* watchResults(
  results: AsyncIterable<InferenceResult>,
  onEnd: OnEnd,
): AsyncGenerator<InferenceResult, void> {
  try {
    for await (const result of results) {
      if (result.status === Status.end || result.status === Status.once) onEnd()
      yield result
    }
    onEnd()
  } catch (thrown) {
    onEnd(toServiceError(thrown))
    throw thrown
  } finally {
    onEnd(LEFT)
  }
}
