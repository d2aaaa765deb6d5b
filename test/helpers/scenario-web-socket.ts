import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A connection as a test sees it: whole texts both ways, and how it ended. */
export interface RawWebSocket {
  readonly socket: WebSocket
  /** Resolves with the oldest text that was not taken yet, waits for one if there is none; rejects at the close. */
  next(): Promise<string>
  /** Texts that came and were not taken. */
  readonly untaken: readonly string[]
  /** Resolves when everything that was sent before has been read by the server, and what it said at once has come. */
  settled(): Promise<void>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** The server answered the upgrade with something else. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`the upgrade was refused with ${status}`)
  }
}

/**
 * Connects. Whoever connects ends `socket`, or the daemon.
 * @param http where the daemon's HTTP listens, with its scheme
 * @throws UpgradeRefused
 */
export async function openRawWebSocket(http: string, path = '/v1/svcName', headers = {}): Promise<RawWebSocket> {
  const socket = new WebSocket(http.replace('http', 'ws') + path, { headers })
  const untaken: string[] = []
  const waiting: PromiseWithResolvers<string>[] = []
  socket.on('message', data => {
    const taker = waiting.shift()
    if (taker) taker.resolve(String(data))
    else untaken.push(String(data))
  })
  const closed = new Promise<{ code: number; reason: string }>(resolve => {
    socket.on('close', (code, reason) => {
      for (const taker of waiting.splice(0)) taker.reject(new Error(`closed with ${code} "${reason}" before a message`))
      resolve({ code, reason: String(reason) })
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
    socket.once('unexpected-response', async (_request, response) => {
      const body = (await response.toArray()).join('')
      reject(new UpgradeRefused(response.statusCode ?? 0, body))
      socket.terminate()
    })
  })
  return {
    socket,
    untaken,
    closed,
    next: () => {
      const text = untaken.shift()
      if (text !== undefined) return Promise.resolve(text)
      const taker = deferred<string>()
      waiting.push(taker)
      return taker.promise
    },
    settled: async () => {
      const pong = once(socket, 'pong')
      socket.ping()
      await pong
    },
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: Error) => void
}

function deferred<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: Error) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
