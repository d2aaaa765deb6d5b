import type { HostBatch__Output as HostBatch } from '../gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { HostMessage__Output as HostMessage } from '../gen/plugin/aiges/plugin/v2/HostMessage.js'
import type { InitReply } from '../gen/plugin/aiges/plugin/v2/InitReply.js'
import type { InitRequest__Output as InitRequest } from '../gen/plugin/aiges/plugin/v2/InitRequest.js'
import type { LoadResourceRequest__Output as LoadResourceRequest } from '../gen/plugin/aiges/plugin/v2/LoadResourceRequest.js'
import type { ResourceReply } from '../gen/plugin/aiges/plugin/v2/ResourceReply.js'
import { Engine } from './engine.js'
import { toEngineError } from './engine-error.js'
import { EngineResources } from './engine-resources.js'
import { findLibrary, folderOf, loadLibrary } from './library.js'
import { OnceCalls } from './once-calls.js'
import { ReplyWriter } from './reply-writer.js'
import { openSchema, readSchema } from './schema.js'
import { Session } from './session.js'
import { startStreamServer } from './stream-server.js'

export interface PluginOptions {
  /** Path of the library, or its name in the search path. */
  readonly library: string
  /** `wrapperExecAsync` and callbacks instead of `wrapperExec` and `wrapperRead`. */
  readonly asyncMode: boolean
  /** Where sessions are read: after every frame, not only after the last. */
  readonly realTime: boolean
  /** File of the schema JSON; undefined: `schema.json` beside the library, if it is there. */
  readonly schema: string | undefined
  /** See `PLUGIN_UNIX_SOCKET_DIR`. */
  readonly socketFolder: string | undefined
  /** Called when the daemon has gone. */
  readonly onOrphaned: () => void
}

/** Codes of InitReply. */
const IMPORT_FAILED = 30001
const INIT_FAILED = 30002

/** Threads are bounded, and a call takes one while it runs. */
const MOST_CONCURRENT = 1000

/** How often a shutdown looks whether everything has ended, in ms. */
const SWEEP_MS = 10

/** The native host's side of plugin protocol 2: one engine and its requests. */
export class Plugin {
  private readonly replies = new ReplyWriter()
  private readonly sessions = new Map<number, Session>()
  private engine: Engine | undefined
  private calls: OnceCalls | undefined
  private resources: EngineResources | undefined

  constructor(private readonly options: PluginOptions) {}

  /** Loads the library and starts its engine. Never rejects: a failure is a reply. */
  async init({ config, model, concurrency: asked }: InitRequest): Promise<InitReply> {
    const { asyncMode, socketFolder, onOrphaned } = this.options
    let engine: Engine
    let schema: string | undefined
    try {
      const path = findLibrary(this.options.library, process.cwd(), process.env['LD_LIBRARY_PATH'])
      schema = readSchema({ file: this.options.schema, folder: folderOf(path) })
      engine = new Engine(loadLibrary(path), report => this.replies.report(report))
    } catch (error) {
      return { code: IMPORT_FAILED, message: toEngineError(error).message }
    }
    try {
      await engine.init(config)
      const version = await engine.version()
      schema ??= openSchema(model, version)
      const stream = await startStreamServer(socketFolder, {
        onConnect: send => this.replies.connect(send),
        onBatch: batch => this.receive(batch),
        onEnd: onOrphaned,
      })
      const concurrency = Math.min(asked, MOST_CONCURRENT)
      this.engine = engine
      const resources = new EngineResources(engine)
      this.resources = resources
      this.calls = new OnceCalls({ engine, replies: this.replies, resources, concurrency, asyncMode })
      const capabilities = { once: true, streaming_output: asyncMode, sessions: true, resources: true, concurrency }
      return { code: 0, version, schema, capabilities, sdk: 'aiservice native host', stream }
    } catch (error) {
      const { code, message } = toEngineError(error)
      return { code: INIT_FAILED, message: `${message || 'wrapperInit failed'} (code ${code})` }
    }
  }

  loadResource({ id, payloads }: LoadResourceRequest): Promise<ResourceReply> {
    return resourceReply(this.resources?.load(id, payloads))
  }

  unloadResource(id: number): Promise<ResourceReply> {
    return resourceReply(this.resources?.unload(id))
  }

  /** Lets what was begun end for up to `graceMs`. An engine that is still at work then is not finished in order. */
  async shutdown(graceMs: number): Promise<void> {
    const until = performance.now() + graceMs
    const busy = () => this.sessions.size + (this.calls?.size ?? 0) > 0
    while (busy() && performance.now() < until) await new Promise(resolve => setTimeout(resolve, SWEEP_MS))
    if (busy()) return
    try {
      await this.engine?.fini()
    } catch (error) {
      const { code, message } = toEngineError(error)
      console.error(`ERROR wrapperFini: ${message} (code ${code})`)
    }
  }

  private receive({ messages }: HostBatch): void {
    for (const message of messages) this.take(message)
  }

  private take({ id, once, open, write, close, cancel, flow }: HostMessage): void {
    const session = this.sessions.get(id)
    if (once) this.calls?.add(id, once)
    else if (open) this.open(id, open)
    else if (write) session?.write(write.payloads)
    else if (flow) session?.pause(flow.paused)
    else if (close || cancel) {
      session?.end()
      this.calls?.cancel(id)
    }
  }

  private open(id: number, open: NonNullable<HostMessage['open']>): void {
    const { engine, replies, resources, sessions } = this
    if (engine === undefined || resources === undefined) return
    const { asyncMode, realTime } = this.options
    try {
      const release = resources.use(open.resources)
      const onEnd = () => {
        sessions.delete(id)
        release()
      }
      sessions.set(id, new Session(open, { id, engine, replies, asyncMode, realTime, onEnd }))
    } catch (error) {
      replies.failure(id, toEngineError(error))
    }
  }
}

async function resourceReply(done: Promise<void> | undefined): Promise<ResourceReply> {
  try {
    await done
    return { code: 0 }
  } catch (error) {
    const { code, message } = toEngineError(error)
    return { code, message }
  }
}
