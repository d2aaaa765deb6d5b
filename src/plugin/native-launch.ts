import { fileURLToPath } from 'node:url'
import { type Launch, type LaunchOptions, pluginEnvironment } from './launch.js'

/** The program that loads native wrappers. */
const HOST = fileURLToPath(new URL('../native-host/main.js', import.meta.url))

/** Threads that Node itself, or a call beside the requests, may need. */
const FURTHER_THREADS = 4
/** What libuv allows. */
const MOST_THREADS = 1024

export interface NativeLaunchOptions extends Pick<LaunchOptions, 'cwd' | 'env' | 'socketFolder' | 'tls' | 'user'> {
  /** Path of the library, or its name in LD_LIBRARY_PATH; undefined: `libwrapper.so`. */
  readonly library: string | undefined
  /** Results come through callbacks. */
  readonly asyncMode: boolean
  /** Sessions without callbacks are read after every frame. */
  readonly realTime: boolean
  /** File of the schema JSON; undefined: `schema.json` beside the library, if there is one. */
  readonly schema: string | undefined
  /** Requests and sessions that may be in flight. Each may occupy a thread. */
  readonly slots: number
}

/** How the processes that serve a native wrapper are started. */
export function nativeLaunch(options: NativeLaunchOptions): Launch {
  const { cwd, env, socketFolder, tls = false, user, library, asyncMode, realTime, schema, slots } = options
  const words = [
    ...(library === undefined ? [] : ['--library', library]),
    ...(asyncMode ? ['--async'] : []),
    ...(realTime ? ['--real-time'] : []),
    ...(schema === undefined ? [] : ['--schema', schema]),
  ]
  const args = [HOST, ...words]
  const threads = Math.min(slots + FURTHER_THREADS, MOST_THREADS)
  return {
    command: { file: process.execPath, args, text: [process.execPath, ...args].join(' ') },
    cwd,
    env: { ...pluginEnvironment(env, cwd, socketFolder, user), UV_THREADPOOL_SIZE: String(threads) },
    interpreter: `Node ${process.version}`,
    // The host speaks no TLS: who demands it is told so when the handshake comes.
    tls,
    user,
  }
}
