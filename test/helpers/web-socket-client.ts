import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A message of the ASE front-end over WebSocket, as the test wrappers for sessions answer. */
export interface SessionMessage {
  readonly header: { readonly code: number; readonly message: string; readonly sid: string; readonly status: number }
  readonly payload?: { readonly result?: { readonly text?: string; readonly status: number; readonly seq: string } }
}

/** A client of one session with the service `svcName`. Whoever connects it ends `socket`, or the daemon. */
export interface WebSocketClient {
  readonly socket: WebSocket
  /** Sends a frame whose header and text have this status. */
  send(text: string, status: number): void
  /** Resolves with the oldest message that was not taken yet; waits for one if there is none. */
  next(): Promise<SessionMessage>
}

/** @param http where the daemon's HTTP listens, with its scheme */
export async function connectWebSocket(http: string): Promise<WebSocketClient> {
  const socket = new WebSocket(`${http.replace('http', 'ws')}/v1/svcName`)
  const messages: SessionMessage[] = []
  const waiting: ((message: SessionMessage) => void)[] = []
  socket.on('message', data => {
    const message = JSON.parse(String(data)) as SessionMessage
    const next = waiting.shift()
    if (next) next(message)
    else messages.push(message)
  })
  await once(socket, 'open')
  return {
    socket,
    send: (text, status) => {
      const frame = {
        header: { appid: '123', status },
        parameter: { svcName: { result: { encoding: 'utf8', compress: 'raw', format: 'plain', data_type: 'text' } } },
        payload: { txt: { encoding: 'utf8', status, text: Buffer.from(text).toString('base64') } },
      }
      socket.send(JSON.stringify(frame))
    },
    next: () =>
      new Promise(resolve => {
        const message = messages.shift()
        if (message) resolve(message)
        else waiting.push(resolve)
      }),
  }
}

/** The text of a message's output `result`; empty when it has none. */
export const textOf = ({ payload }: SessionMessage) => Buffer.from(payload?.result?.text ?? '', 'base64').toString()

/** How many slots the daemon's metrics say are in use. */
export async function slotsInUse(http: string): Promise<number> {
  const metrics = await (await fetch(`${http}/metrics`)).text()
  return Number(/aiservice_slots_in_use\{[^}]*\} (\d+)/.exec(metrics)?.[1])
}

/** Asks until the slots are free; the test's own time limit ends it. */
export async function untilFree(http: string): Promise<void> {
  while ((await slotsInUse(http)) > 0) await new Promise(resolve => setImmediate(resolve))
}
