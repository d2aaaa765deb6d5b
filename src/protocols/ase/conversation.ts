import type { Writable } from 'node:stream'
import type { Logger } from 'pino'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceService, Session, SessionFrame } from '../../core/inference.js'
import type { Accept } from '../../core/payload.js'
import { PacedSender } from '../shared/paced-sender.js'
import type { RequestLimits } from '../shared/request-limits.js'
import type { ServerWebSocket } from '../shared/web-sockets.js'
import type { AseBody } from './codec.js'
import { logError } from './error-answer.js'
import { ASE_ERRORS, aseMessage } from './error-map.js'
import { closeReason, encodeAcknowledgement, encodeFrameError, parseFrame } from './frame-codec.js'
import type { Translator } from './translator.js'

/** Time-outs and bounds of a conversation; times in ms. */
export interface ConversationLimits {
  /** Longest wait for a frame (`[ws] readTimeout`). */
  readonly readTimeoutMs: number
  /** Longest life of the connection (`[ws] sessionTimeout`). */
  readonly sessionTimeoutMs: number
  /** How long the connection stays open after the last result. */
  readonly lingerMs: number
  /** How long the client may take for a result while others wait. */
  readonly readerTimeoutMs: number
  /** Bytes of results that may wait for the client; past that, results are no longer fetched from the session. */
  readonly maxBufferedBytes: number
  /** How often a ping is sent while nothing is read from the client: only by writing it is noticed then that it left. */
  readonly pausedPingMs: number
}

export interface ConversationOptions extends ConversationLimits {
  readonly inference: InferenceService
  readonly translator: Translator
  readonly log: Logger
}

/** Which session a conversation carries, and the path of its model. */
export interface ConversationPlace {
  readonly sid: string
  readonly path: string
  /** Whose it is, where clients have to say. */
  readonly app?: string | undefined
}

/** Frames that wait for the wrapper to take those before them, in bytes; past that, nothing more is read from the client. */
const MAX_WAITING_BYTES = 1 << 20

/** What a frame that waits costs beside its bytes, so that small ones count, too. */
const FRAME_BYTES = 256

const NORMAL_CLOSURE = 1000
const GOING_AWAY = 1001

/**
 * One session over one WebSocket. Frames are taken one after the other; results are pushed meanwhile. It ends once:
 * after the last result, with an error, or because the client left, and whatever the end, the session ends with it.
 */
export class Conversation {
  private readonly gone = new AbortController()
  private readonly sender: PacedSender
  private readonly readTimer: NodeJS.Timeout
  private readonly ageTimer: NodeJS.Timeout
  private closeTimer: NodeJS.Timeout | undefined
  private pausedPing: NodeJS.Timeout | undefined
  private readonly waiting: Buffer[] = []
  private waitingBytes = 0
  private working = false
  private session: Session | undefined
  private accepts: readonly Accept[] = []
  private lastTaken = false
  private over = false
  private goingAway = false

  /**
   * @param wire the connection under the WebSocket
   * @param limits what the client said when it connected; its time-out is that of the opening
   */
  constructor(
    private readonly socket: ServerWebSocket,
    wire: Writable,
    private readonly place: ConversationPlace,
    private readonly limits: RequestLimits,
    private readonly options: ConversationOptions,
  ) {
    this.sender = new PacedSender(socket, wire, options)
    this.readTimer = setTimeout(() => this.onSilence(), options.readTimeoutMs)
    this.ageTimer = setTimeout(() => this.fail(new ServiceError('frame_timeout')), options.sessionTimeoutMs)
    socket.on('message', data => this.onMessage(data as Buffer))
    socket.on('close', () => this.onClose())
    socket.onRefused = code => this.onRefused(code)
  }

  /**
   * The server stops: ends at once when no session is open, otherwise with it.
   * @param graceMs how long an open session may go on
   */
  goAway(graceMs: number): void {
    this.goingAway = true
    if (this.over) {
      this.close(GOING_AWAY, '')
      return
    }
    const stop = () => this.fail(new ServiceError('not_ready', 'the service is shutting down'))
    if (this.session === undefined || graceMs === 0) stop()
    else this.closeTimer = setTimeout(stop, graceMs)
  }

  private onMessage(data: Buffer): void {
    if (this.over || this.lastTaken) return
    this.readTimer.refresh()
    this.waiting.push(data)
    this.waitingBytes += FRAME_BYTES + data.length
    if (this.waitingBytes > MAX_WAITING_BYTES) this.pause()
    if (!this.working) void this.work()
  }

  private async work(): Promise<void> {
    this.working = true
    try {
      for (let data = this.waiting.shift(); data !== undefined && !this.over; data = this.waiting.shift()) {
        this.waitingBytes -= FRAME_BYTES + data.length
        if (this.waitingBytes <= MAX_WAITING_BYTES) this.resume()
        if (!this.lastTaken) await this.take(data)
      }
    } catch (thrown) {
      this.fail(thrown)
    } finally {
      this.working = false
    }
  }

  private async take(data: Buffer): Promise<void> {
    const { translator } = this.options
    const { sid } = this.place
    const opening = this.session === undefined
    const frame = parseFrame(data, sid, opening)
    if (!opening && !frame.last && frame.payloads.length === 0) throw new ServiceError('input_missing')
    const payloads = await translator.decodeTexts(frame.payloads)
    const piece = payloads.length > 0 || frame.last ? { payloads, last: frame.last } : undefined
    if (opening) await this.open(frame.body, piece)
    if (frame.last) {
      this.lastTaken = true
      clearTimeout(this.readTimer)
    }
    if (opening || piece === undefined) return
    try {
      await this.session?.write(piece)
    } catch (thrown) {
      // The reader of the results learns how it ended; what comes after the last result is ignored.
      if (!(thrown instanceof ServiceError && thrown.reason === 'session_ended')) throw thrown
    }
  }

  private async open(body: AseBody, first: SessionFrame | undefined): Promise<void> {
    const { inference, translator, readTimeoutMs, sessionTimeoutMs } = this.options
    const { sid, path, app } = this.place
    const caller = { sid, ...(app !== undefined && { app }) }
    const { timeoutMs, priority } = this.limits
    const demand = translator.demand(body, path, caller)
    const session = await inference.open(
      { ...demand, ...(first && { first }), idleTimeoutMs: readTimeoutMs, maxAgeMs: sessionTimeoutMs },
      {
        ...caller,
        ...{ protocol: 'ase-websocket', signal: this.gone.signal },
        ...(timeoutMs !== undefined && { deadline: performance.now() + timeoutMs }),
        ...(priority !== undefined && { priority }),
      },
    )
    this.session = session
    this.accepts = demand.accepts
    await this.sender.send(encodeAcknowledgement(sid))
    void this.push(session)
  }

  private async push(session: Session): Promise<void> {
    const { translator } = this.options
    const { sid } = this.place
    try {
      let seq = 0
      for await (const result of session.results) {
        await this.sender.send(await translator.message(result, sid, ++seq, this.accepts))
      }
      this.finish()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  private finish(): void {
    if (!this.end()) return
    if (this.goingAway) this.close(GOING_AWAY, '')
    else this.closeTimer = setTimeout(() => this.close(NORMAL_CLOSURE, ''), this.options.lingerMs)
  }

  private fail(thrown: unknown, code = this.goingAway ? GOING_AWAY : NORMAL_CLOSURE): void {
    if (!this.end()) return
    const error = asFrameTimeout(toServiceError(thrown))
    this.gone.abort(error)
    this.logEnd(error)
    const message = aseMessage(error)
    this.socket.send(encodeFrameError(ASE_ERRORS[error.reason].code, message, this.place.sid))
    this.close(code, message)
  }

  /** The moment after which nothing is taken and no result is sent; false when it has passed before. */
  private end(): boolean {
    if (this.over) return false
    this.over = true
    clearTimeout(this.readTimer)
    clearTimeout(this.ageTimer)
    clearTimeout(this.closeTimer)
    this.waiting.length = 0
    // Otherwise the peer's close frame would not be seen.
    this.resume()
    return true
  }

  private pause(): void {
    if (this.socket.isPaused) return
    this.socket.pause()
    this.pausedPing = setInterval(() => this.socket.ping(), this.options.pausedPingMs)
  }

  private resume(): void {
    if (!this.socket.isPaused) return
    clearInterval(this.pausedPing)
    this.socket.resume()
  }

  private close(code: number, reason: string): void {
    this.socket.close(code, closeReason(reason))
  }

  private onClose(): void {
    const inTime = this.end()
    clearTimeout(this.closeTimer)
    if (!inTime || (this.session === undefined && !this.working)) return
    const error = new ServiceError('cancelled')
    this.gone.abort(error)
    this.logEnd(error)
  }

  private logEnd(error: ServiceError): void {
    const { sid, path } = this.place
    logError(this.options.log, error, { sid, path, method: 'WebSocket' })
  }

  private onRefused(code: number): void {
    this.fail(new ServiceError(code === 1009 ? 'message_too_large' : 'frame_not_json'), code)
  }

  private onSilence(): void {
    // It is the wrapper that keeps frames waiting, and the session layer that limits that.
    if (this.working) this.readTimer.refresh()
    else this.fail(new ServiceError('frame_timeout'))
  }
}

/** The session layer does not know over what its sessions come; over WebSocket both limits are one (ASE protocol). */
function asFrameTimeout(error: ServiceError): ServiceError {
  return error.reason === 'session_timeout' ? new ServiceError('frame_timeout', undefined, { cause: error }) : error
}
