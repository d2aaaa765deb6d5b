import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import websocket, { type WebsocketPluginOptions } from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import { takeAsOrdinaryRequest } from './ordinary-request.js'

export interface WebSocketOptions {
  /** Largest message of a client in bytes; `onRefused` is told of a larger one. */
  readonly maxFrameBytes: number
  /** How often a ping is sent, in ms; a peer that has not answered the one before is cut off. */
  readonly pingIntervalMs: number
}

/** How long a peer may take to answer a close frame before it is cut off, in ms. */
const CLOSE_TIMEOUT_MS = 5000

/** What WebSocket calls an internal error. */
const INTERNAL_ERROR = 1011

/** The side of a connection that is ours. */
export class ServerWebSocket extends WebSocket {
  /**
   * Told of a message that breaks a rule of WebSocket itself, before the connection is closed for it: 1009 too large,
   * 1007 a text that is not UTF-8. It may send and close by itself.
   */
  onRefused: ((code: number) => void) | undefined

  /**
   * Lets go of the request that it came with, which the plugin's listener would keep for as long as the connection
   * lives. From then on errors of the connection show as its close only.
   */
  forgetRequest(): void {
    this.removeAllListeners('error')
    this.on('error', ignore)
  }

  override close(code?: number, reason?: string | Buffer): void {
    if (reason === undefined && (code === 1007 || code === 1009)) this.onRefused?.(code)
    super.close(code, reason)
  }
}

/**
 * Lets routes of the server take WebSockets (`wsHandler`), which are then `ServerWebSocket`. Whoever has taken one
 * closes it when the server closes (`preClose`); new ones are refused from then on.
 */
export async function webSockets(app: FastifyInstance, options: WebSocketOptions): Promise<void> {
  const upgrades = new EventEmitter()
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (opensWebSocket(request)) upgrades.emit('upgrade', request, socket, head)
    else takeAsOrdinaryRequest(app.server, request, socket, head)
  })
  const server = {
    // The plugin listens to this one event.
    server: upgrades as Server,
    maxPayload: options.maxFrameBytes,
    closeTimeout: CLOSE_TIMEOUT_MS,
    WebSocket: ServerWebSocket,
  }
  await app.register(websocket, {
    // Its types know neither the time-out nor that any subclass will do.
    options: server as unknown as WebsocketPluginOptions['options'] & object,
    // After an error of its own ws closes the connection, and who took it hears of that; an open one was left by a fault.
    errorHandler: (_error, socket) => {
      if (socket.readyState === WebSocket.OPEN) socket.close(INTERNAL_ERROR)
    },
    preClose: done => {
      app.websocketServer.close()
      done()
    },
  })
  keepAlive(app, options.pingIntervalMs)
}

/** Has fastify run the plugin on the server itself, so that routes of all front-ends may take WebSockets. */
Object.assign(webSockets, { [Symbol.for('skip-override')]: true })

/** ws closes the connection after every error of its own. */
function ignore(): void {}

/** A URL that cannot be decoded never reaches a route, where the plugin would end the connection. */
function opensWebSocket({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return false
  try {
    decodeURI(url)
    return true
  } catch {
    return false
  }
}

/** One timer for all connections: thousands of them may be open. */
function keepAlive(app: FastifyInstance, intervalMs: number): void {
  const silent = new WeakSet<WebSocket>()
  const onPong = function (this: WebSocket) {
    silent.delete(this)
  }
  app.websocketServer.on('connection', (socket: WebSocket) => socket.on('pong', onPong))
  const timer = setInterval(() => {
    for (const socket of app.websocketServer.clients) {
      // While we do not read, or the ping waits behind data, no pong can come.
      if (socket.isPaused || socket.bufferedAmount > 0 || socket.readyState !== WebSocket.OPEN) continue
      if (silent.has(socket)) socket.terminate()
      else {
        silent.add(socket)
        socket.ping()
      }
    }
  }, intervalMs)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))
}
