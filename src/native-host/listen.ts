import { randomUUID } from 'node:crypto'
import type { AddressInfo, Server as SocketServer } from 'node:net'
import { join } from 'node:path'
import { type Server, ServerCredentials } from '@grpc/grpc-js'

/** Folder for Unix sockets that the daemon gave; undefined: TCP on the loopback interface. */
type Folder = string | undefined

/** Makes the gRPC server listen; resolves with NETWORK and ADDRESS of the handshake line. */
export function listenForCalls(server: Server, folder: Folder): Promise<string> {
  const path = socketIn(folder)
  return new Promise((resolve, reject) => {
    const address = path === undefined ? '127.0.0.1:0' : `unix:${path}`
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error)
      else resolve(path === undefined ? `tcp|127.0.0.1:${port}` : `unix|${path}`)
    })
  })
}

/** Makes a socket server listen; resolves with its address as in `InitReply.stream`. */
export function listenForStream(server: SocketServer, folder: Folder): Promise<string> {
  const path = socketIn(folder)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path }, () => {
      server.off('error', reject)
      resolve(path === undefined ? `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` : `unix:${path}`)
    })
  })
}

function socketIn(folder: Folder): string | undefined {
  return folder && join(folder, `native-${randomUUID().slice(0, 13)}.sock`)
}
