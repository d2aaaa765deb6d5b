import { createServer, type Server } from 'node:net'

/** The published SDK listens on port 50055 of the whole machine; whoever runs tests with it holds the port below. */
const LOCK_PORT = 50054
const RETRY_MS = 500

/**
 * Vitest global set-up: waits until no other checkout on this machine runs tests with the published SDK, and returns
 * what lets the next one go on. The lock goes with the process, however it ends.
 */
export async function setup(): Promise<() => Promise<void>> {
  let lock = await listen()
  while (lock === undefined) {
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    lock = await listen()
  }
  const held = lock
  return () => new Promise(resolve => held.close(() => resolve()))
}

function listen(): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(LOCK_PORT, '127.0.0.1', () => resolve(server))
  })
}
