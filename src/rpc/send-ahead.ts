import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'

/** Messages of a call that may be on their way to the connection at the same time. */
const MOST_AHEAD = 16

/**
 * Lets a streaming call hand over the next message before the one before has left the process, so that those of one turn
 * of the event loop leave with one system call. grpc-js itself waits for each. Other calls stay as they are.
 */
export const sendAhead: ServerInterceptor = (method, call) =>
  method.responseStream ? new AheadCall(call) : (call as ServerInterceptingCall)

class AheadCall extends ServerInterceptingCall {
  private ahead = 0
  private waiting: (() => void) | undefined

  override sendMessage(message: unknown, callback: () => void): void {
    this.ahead += 1
    super.sendMessage(message, () => {
      this.ahead -= 1
      const { waiting } = this
      this.waiting = undefined
      waiting?.()
    })
    if (this.ahead < MOST_AHEAD) process.nextTick(callback)
    else this.waiting = callback
  }
}
