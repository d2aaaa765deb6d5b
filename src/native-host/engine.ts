import koffi from 'koffi'
import type { Payload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import type { Report } from '../gen/plugin/aiges/plugin/v2/Report.js'
import { CONTROL, LOG_CALLBACK, METER_CALLBACK, type Pointer, RESULT_CALLBACK } from './abi.js'
import { CallMemory, type NativeInput } from './call-memory.js'
import { EngineError, EXEC_FAILED, toEngineError } from './engine-error.js'
import type { Library } from './library.js'
import { readOutputs } from './outputs.js'
import { sidOf, type Tag, Tags } from './tags.js'

/** Is told what an engine called back with. */
export type Answer = (result: readonly Payload[] | EngineError) => void

/** A request whose answers come through the callback, with the memory that the engine may read until the last of them. */
interface Expected {
  readonly answer: Answer
  readonly memory: CallMemory
  readonly tag: Tag
}

/** A session as the engine knows it. */
export interface EngineSession {
  readonly handle: Pointer
  readonly tag: Tag
  readonly memory: CallMemory
}

/** What the callback says to the engine: the request is known, or it is not. Source: the AIGES loader. */
const TAKEN = 0
const UNKNOWN = -1

/** The functions of a wrapper library, with arguments and answers as a program in TypeScript has them. */
export class Engine {
  private readonly tags = new Tags()
  private readonly expected = new Map<string, Expected>()
  // Registered for the life of the process: an engine may call back when it likes.
  private readonly resultCallback = koffi.register(this.onResult.bind(this), RESULT_CALLBACK)
  private readonly meterCallback: bigint
  private readonly metricCallback: bigint
  private readonly traceCallback: bigint

  constructor(
    private readonly library: Library,
    onReport: (report: Report) => void,
  ) {
    this.meterCallback = koffi.register((tag: string | null, key: string | null, count: number) => {
      onReport({ kind: 'METER', sid: sidOf(tag), key: key ?? '', count })
      return TAKEN
    }, METER_CALLBACK)
    const log = (kind: 'METRIC' | 'TRACE') => {
      const report = (tag: string | null, key: string | null, value: string | null) => {
        onReport({ kind, sid: sidOf(tag), key: key ?? '', value: value ?? '' })
        return TAKEN
      }
      return koffi.register(report, LOG_CALLBACK)
    }
    this.metricCallback = log('METRIC')
    this.traceCallback = log('TRACE')
  }

  /** Hands the engine its callbacks and starts it. @throws EngineError */
  async init(config: Readonly<Record<string, string>>): Promise<void> {
    const callbacks = { meter: this.meterCallback, metric: this.metricCallback, trace: this.traceCallback }
    for (const [name, callback] of Object.entries(callbacks)) {
      const type = CONTROL[name as keyof typeof CONTROL]
      const code = await this.library.call('wrapperSetCtrl', [type, callback])
      // An engine that does not take one of them works without it.
      if (code !== 0) console.error(`WARNING wrapperSetCtrl(${type}) returned ${code}`)
    }
    const memory = new CallMemory({ params: config })
    await this.check('wrapperInit', [memory.params], memory)
  }

  /** @throws EngineError */
  async fini(): Promise<void> {
    await this.check('wrapperFini', [])
  }

  async version(): Promise<string> {
    return String((await this.library.call('wrapperVersion', [])) ?? '')
  }

  /** @throws EngineError */
  async loadResource(id: number, payloads: NativeInput['payloads'] = []): Promise<void> {
    // Source: the AIGES loader, which hands every resource over as personalised data that is complete.
    const memory = new CallMemory({ payloads: payloads.map(payload => ({ ...payload, type: 4, status: 2 })) })
    await this.check('wrapperLoadRes', [memory.data, id], memory)
  }

  /** @throws EngineError */
  async unloadResource(id: number): Promise<void> {
    await this.check('wrapperUnloadRes', [id])
  }

  /**
   * Runs a request on a thread of its own.
   * @returns copies of what it gave, and what has to be called once to free the engine's own
   * @throws EngineError; there is nothing to free then
   */
  async exec(sid: string, input: NativeInput): Promise<{ outputs: Payload[]; free: () => Promise<unknown> }> {
    const tag = this.tags.create(sid)
    const memory = new CallMemory(input)
    const { params, data, out, resources, resourceCount } = memory
    const held = { tag, memory }
    await this.check('wrapperExec', [tag.address, params, data, out, resources, resourceCount], held)
    const free = () => this.library.call('wrapperExecFree', [tag.address, out], held)
    try {
      return { outputs: readOutputs(memory.pointerOut), free }
    } catch (error) {
      await free()
      throw error
    }
  }

  /**
   * Runs a request whose answers come through the callback. `answer` is called until `forget` is, or once with an error.
   * @param timeoutMs for the engine to keep; 0 for none
   */
  execAsync(sid: string, input: NativeInput, timeoutMs: number, answer: Answer): Tag {
    const tag = this.tags.create(sid)
    const memory = new CallMemory(input)
    const { params, data, resources, resourceCount } = memory
    const expected = { answer, memory, tag }
    this.expected.set(tag.text, expected)
    const args = [tag.address, params, data, this.resultCallback, timeoutMs, resources, resourceCount]
    this.check('wrapperExecAsync', args, expected).catch((error: unknown) => {
      if (this.expected.delete(tag.text)) answer(toEngineError(error))
    })
    return tag
  }

  /** No further answer is wanted under this tag; what still comes is dropped. */
  forget(tag: Tag): void {
    this.expected.delete(tag.text)
  }

  /**
   * Opens a session.
   * @param answer absent: the session is read with `read`
   * @throws EngineError
   */
  async create(sid: string, input: NativeInput, answer?: Answer): Promise<EngineSession> {
    const tag = this.tags.create(sid)
    const memory = new CallMemory(input)
    const { params, out, resources, resourceCount } = memory
    if (answer !== undefined) this.expected.set(tag.text, { answer, memory, tag })
    const callback = answer === undefined ? null : this.resultCallback
    const args = [tag.address, params, callback, resources, resourceCount, out]
    const handle = (await this.library.call('wrapperCreate', args, { tag, memory })) as Pointer
    if (memory.numberOut === 0 && handle !== null) return { handle, tag, memory }
    this.forget(tag)
    if (memory.numberOut !== 0) throw await this.errorOf(memory.numberOut)
    throw new EngineError(EXEC_FAILED, 'wrapperCreate gave neither a handle nor an error')
  }

  /** @throws EngineError */
  async write({ handle }: EngineSession, payloads: NonNullable<NativeInput['payloads']>): Promise<void> {
    const memory = new CallMemory({ payloads })
    await this.check('wrapperWrite', [handle, memory.data], memory)
  }

  /** What a session without callback has ready; nothing, if nothing is. @throws EngineError */
  async read({ handle }: EngineSession): Promise<Payload[]> {
    const memory = new CallMemory({})
    await this.check('wrapperRead', [handle, memory.out], memory)
    return readOutputs(memory.pointerOut)
  }

  async debugInfo({ handle }: EngineSession): Promise<string> {
    return String((await this.library.call('wrapperDebugInfo', [handle])) ?? '')
  }

  /** Ends a session. Its arguments are kept until now. @throws EngineError */
  async destroy(session: EngineSession): Promise<void> {
    try {
      await this.check('wrapperDestroy', [session.handle], session)
    } finally {
      this.forget(session.tag)
    }
  }

  private async check(...call: Parameters<Library['call']>): Promise<void> {
    const code = Number(await this.library.call(...call))
    if (code !== 0) throw await this.errorOf(code)
  }

  private async errorOf(code: number): Promise<EngineError> {
    return new EngineError(code, String((await this.library.call('wrapperError', [code])) ?? ''))
  }

  /** On the main thread, while the engine's thread waits. Nothing may be thrown into the engine. */
  private onResult(text: string | null, list: Pointer, code: number): number {
    const expected = this.expected.get(text ?? '')
    if (expected === undefined) return UNKNOWN
    if (code !== 0) {
      // The first error ends a request; its text has to be asked for on another thread.
      this.expected.delete(expected.tag.text)
      void this.errorOf(code).then(expected.answer, error => expected.answer(toEngineError(error)))
      return TAKEN
    }
    try {
      expected.answer(readOutputs(list))
    } catch (error) {
      this.expected.delete(expected.tag.text)
      expected.answer(toEngineError(error))
    }
    return TAKEN
  }
}
