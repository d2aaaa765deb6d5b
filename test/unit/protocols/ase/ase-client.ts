import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import type { FakeInference } from '../shared/fake-inference.js'
import type { FrontEndServer } from '../shared/front-end-server.js'
import { type AseServerOptions, aseServer } from './ase-server.js'

export interface AseMessage {
  readonly header: { readonly code: number; readonly message: string; readonly sid: string; readonly status: number }
  readonly payload?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface ListeningServer extends FrontEndServer {
  readonly port: number
  /** Resolves when the server has closed. */
  close(): Promise<void>
}

/** The ASE front-end on a port of its own, for one test. */
export async function listeningServer(
  inference: FakeInference,
  options: AseServerOptions = {},
): Promise<ListeningServer> {
  const ase = aseServer(inference, options)
  await ase.server.listen({ host: '127.0.0.1', port: 0 })
  const close = () => ase.server.close()
  onTestFinished(close)
  return { ...ase, port: (ase.server.server.address() as AddressInfo).port, close }
}

/** A client of a session over WebSocket. */
export class AseClient {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  private readonly messages: AseMessage[] = []
  private wake = () => {}

  private constructor(readonly socket: WebSocket) {
    socket.on('message', data => {
      this.messages.push(JSON.parse(data.toString()))
      this.wake()
    })
    // The code of the close says it.
    socket.on('error', () => {})
    this.closed = new Promise(resolve => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.wake()
      })
    })
  }

  static async connect(port: number, path = '/v1/svcName', options: ClientOptions = {}): Promise<AseClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
    const client = new AseClient(socket)
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    return client
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** The next message; rejects when the connection ends without one. */
  async next(): Promise<AseMessage> {
    for (;;) {
      const message = this.messages.shift()
      if (message !== undefined) return message
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('the connection ended without a message')
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }

  /** Every message from here to the end of the connection. */
  async rest(): Promise<AseMessage[]> {
    await this.closed
    return this.messages.splice(0)
  }
}

/** A frame with one text. */
export function textFrame(status: number, text: string, header: Record<string, unknown> = {}) {
  const base64 = Buffer.from(text).toString('base64')
  return {
    header: { appid: '123', status, ...header },
    parameter: {
      svcName: { result: { encoding: 'utf8', compress: 'raw', format: 'plain', data_type: 'text' } },
    },
    payload: { txt: { encoding: 'utf8', status, text: base64 } },
  }
}
