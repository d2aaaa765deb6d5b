import { describe, expect, it } from 'vitest'
import type { Lease, SessionCall, WrapperBackend, WrapperCall, WrapperSession } from '../../../src/core/backend.js'
import { ServiceError } from '../../../src/core/error.js'
import type { InferenceRequest, RequestContext } from '../../../src/core/inference.js'
import type { Readiness } from '../../../src/core/model.js'
import type { Payload } from '../../../src/core/payload.js'
import { LocalInferenceService } from '../../../src/session/inference-service.js'
import { Model, type ModelOptions } from '../../../src/session/model.js'
import { ModelRegistry } from '../../../src/session/registry.js'

const output: Payload = { key: 'result', type: 'text', status: 3, attributes: {}, data: Buffer.from('yes') }

type Answer = (call: WrapperCall, cancelled: Promise<ServiceError>) => Promise<readonly Payload[]>

/** A backend whose wrapper is a function. A call that was given up stays busy until `settle` is called. */
function fakeBackend(answer: Answer, readiness: Readiness = { ready: true }, openSession: Open = unused) {
  const settle: (() => void)[] = []
  const backend: WrapperBackend = {
    readiness,
    restarting: false,
    schema: undefined,
    abilities: undefined,
    version: undefined,
    signature: undefined,
    methods: undefined,
    onChange: () => () => {},
    syncResources: async () => {},
    acquire(): Lease {
      let givenUp = false
      let cancel: (reason: ServiceError) => void = () => {}
      const cancelled = new Promise<ServiceError>(resolve => {
        cancel = resolve
      })
      return {
        once: async call => ({ payloads: await answer(call, cancelled), last: true }),
        async *stream(call) {
          const payloads = await answer(call, cancelled)
          for (const [index, payload] of payloads.entries()) {
            yield { payloads: [payload], last: index === payloads.length - 1 }
          }
        },
        open: async call => openSession(call, cancelled),
        cancel(reason) {
          givenUp = true
          cancel(reason)
        },
        release: onIdle => {
          if (givenUp) settle.push(onIdle)
          else onIdle()
        },
      }
    },
  }
  return { backend, settle }
}

type Open = (call: SessionCall, cancelled: Promise<ServiceError>) => Promise<WrapperSession>

const unused: Open = async () => {
  throw new Error('no session was expected')
}

const untilCancelled: Answer = async (_, cancelled) => {
  throw await cancelled
}

const OPTIONS: ModelOptions = {
  ...{ name: 'm', version: '1', aliases: [] },
  ...{ slots: 1, queue: 1, queueWaitMs: 60_000, onceTimeoutMs: 60_000, sessionIdleMs: 60_000 },
}

function service(answer: Answer, options: Partial<ModelOptions> = {}, readiness?: Readiness, openSession?: Open) {
  const { backend, settle } = fakeBackend(answer, readiness, openSession)
  const model = new Model({ ...OPTIONS, ...options }, backend)
  return { inference: new LocalInferenceService(new ModelRegistry([model])), model, settle }
}

const request: InferenceRequest = { model: 'm', parameters: { sid: 's' }, payloads: [], accepts: [] }
const context = (signal = new AbortController().signal, deadline?: number): RequestContext => ({
  sid: 's',
  protocol: 'test',
  signal,
  ...(deadline !== undefined && { deadline }),
})
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'result',
    (error: unknown) => (error instanceof ServiceError ? error.reason : `not a ServiceError: ${error}`),
  )

describe('LocalInferenceService.once', () => {
  it('hands the call to the wrapper and the outputs back', async () => {
    const seen: WrapperCall[] = []
    const { inference, model } = service(async call => {
      seen.push(call)
      return [output]
    })
    expect(await inference.once(request, context())).toEqual({ status: 3, payloads: [output] })
    expect(seen).toMatchObject([{ sid: 's', parameters: { sid: 's' } }])
    expect(model.slots.inUse).toBe(0)
  })

  it('finds the first model for an empty name, and none for an unknown one', async () => {
    const { inference } = service(async () => [output])
    expect(await reasonOf(inference.once({ ...request, model: '' }, context()))).toBe('result')
    await expect(inference.once({ ...request, model: 'x' }, context())).rejects.toMatchObject({
      reason: 'model_unknown',
      message: "no service 'x'; there is m",
    })
  })

  it('answers at once, with the reason, while the model is not ready', async () => {
    const { inference } = service(async () => [output], {}, { ready: false, why: 'it is starting' })
    await expect(inference.once(request, context())).rejects.toMatchObject({
      reason: 'not_ready',
      message: 'm is not ready: it is starting',
    })
  })

  it('refuses a method that the wrapper does not have, before it takes a slot', async () => {
    const { backend } = fakeBackend(async () => [output])
    const abilities = { once: true, streamingOutput: false, sessions: false, chat: false, resources: false }
    const methods = [{ name: 'add', inputs: [], outputs: [] }]
    const model = new Model(OPTIONS, { ...backend, abilities, methods })
    expect(await reasonOf(model.once({ ...request, method: 'add' }, context()))).toBe('result')
    expect(await reasonOf(model.once({ ...request, method: 'mul' }, context()))).toBe('method_unknown')
    expect(await reasonOf(model.stream({ ...request, method: 'chat' }, context()).next())).toBe('ability_missing')
    expect(model.slots.inUse).toBe(0)
  })

  it('ends with result_timeout at the limit of the model', async () => {
    const { inference } = service(untilCancelled, { onceTimeoutMs: 20 })
    expect(await reasonOf(inference.once(request, context()))).toBe('result_timeout')
  })

  it('ends at the deadline of the request when that is earlier', async () => {
    const { inference } = service(untilCancelled)
    expect(await reasonOf(inference.once(request, context(undefined, performance.now() + 20)))).toBe('result_timeout')
  })

  it('counts the time in the queue towards the deadline', async () => {
    const { inference, model } = service(untilCancelled)
    const first = reasonOf(inference.once(request, context()))
    expect(await reasonOf(inference.once(request, context(undefined, performance.now() + 20)))).toBe('result_timeout')
    expect(model.slots.queued).toBe(0)
    void first
  })

  it('ends when the client leaves, and keeps the slot until the wrapper has let go', async () => {
    const { inference, model, settle } = service(untilCancelled, { queue: 0 })
    const client = new AbortController()
    const result = reasonOf(inference.once(request, context(client.signal)))
    client.abort(new ServiceError('cancelled'))
    expect(await result).toBe('cancelled')
    expect(model.slots.inUse).toBe(1)
    expect(await reasonOf(inference.once(request, context()))).toBe('no_slot')
    for (const idle of settle) idle()
    expect(model.slots.inUse).toBe(0)
  })

  it('does not bother the wrapper for a client that has left already', async () => {
    let calls = 0
    const { inference, model } = service(async () => {
      calls += 1
      return [output]
    })
    expect(await reasonOf(inference.once(request, context(AbortSignal.abort())))).toBe('cancelled')
    expect([calls, model.slots.inUse]).toEqual([0, 0])
  })

  it('runs as many calls as there are slots and lets the others wait', async () => {
    const finish: (() => void)[] = []
    const { inference } = service(() => new Promise(resolve => finish.push(() => resolve([output]))), {
      slots: 2,
      queue: 1,
    })
    const results = [1, 2, 3].map(() => reasonOf(inference.once(request, context())))
    expect(await reasonOf(inference.once(request, context()))).toBe('no_slot')
    expect(finish).toHaveLength(2)
    finish[0]?.()
    await results[0]
    await Promise.resolve()
    expect(finish).toHaveLength(3)
    for (const done of finish) done()
    expect(await Promise.all(results)).toEqual(['result', 'result', 'result'])
  })

  it('runs the more urgent of two that wait first, and refuses a session for which there is no room', async () => {
    const begun: (string | undefined)[] = []
    const finish: (() => void)[] = []
    const { inference } = service(
      ({ parameters }) => {
        begun.push(parameters['name'])
        return new Promise(resolve => finish.push(() => resolve([output])))
      },
      { slots: 1, queue: 2 },
    )
    const ask = (name: string, priority: number) => {
      return reasonOf(inference.once({ ...request, parameters: { name } }, { ...context(), priority }))
    }
    const results = [ask('first', 5), ask('low', 1), ask('high', 9)]
    expect(await reasonOf(inference.open(request, { ...context(), priority: 0 }))).toBe('no_slot')
    for (const result of [results[0], results[2], results[1]]) {
      finish.at(-1)?.()
      expect(await result).toBe('result')
      await Promise.resolve()
    }
    expect(begun).toEqual(['first', 'high', 'low'])
  })

  it('frees the slot when the wrapper fails, and never lets anything but a ServiceError out', async () => {
    const { inference, model } = service(async () => {
      throw new TypeError('secret')
    })
    const error = await inference.once(request, context()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ reason: 'internal', message: 'internal error', cause: expect.any(TypeError) })
    expect(model.slots.inUse).toBe(0)
  })
})

describe('a model with a rate', () => {
  it('refuses what begins too soon, though slots are free, and takes another rate at run time', async () => {
    const rate = { requests: 1, intervalMs: 60_000 }
    const { inference, model } = service(async () => [output], { slots: 9, rate })
    const ask = () => reasonOf(inference.once(request, context()))
    expect([await ask(), await ask()]).toEqual(['result', 'rate_limited'])
    model.configure({ ...OPTIONS, rate: { ...rate } })
    expect(await ask()).toBe('rate_limited')
    model.configure({ ...OPTIONS, rate: { requests: 2, intervalMs: 60_000 } })
    expect([await ask(), await ask(), await ask()]).toEqual(['result', 'result', 'rate_limited'])
    model.configure(OPTIONS)
    expect(await ask()).toBe('result')
  })
})

describe('LocalInferenceService.stream', () => {
  const three = ['a', 'b', 'c'].map(text => ({ ...output, data: Buffer.from(text) }))

  it('gives each result as it comes, the last one with status end', async () => {
    const { inference, model } = service(async () => three)
    const seen: [number, string][] = []
    for await (const { status, payloads } of inference.stream(request, context())) {
      seen.push([status, payloads.map(({ data }) => Buffer.from(data).toString()).join()])
    }
    expect(seen).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect(model.slots.inUse).toBe(0)
  })

  it('frees the slot when its reader leaves', async () => {
    const { inference, model } = service(async () => three)
    for await (const _ of inference.stream(request, context())) break
    expect(model.slots.inUse).toBe(0)
  })

  it('ends with the reason when the client leaves', async () => {
    const { inference } = service(untilCancelled)
    const client = new AbortController()
    const reading = inference.stream(request, context(client.signal))[Symbol.asyncIterator]().next()
    client.abort(new ServiceError('cancelled'))
    expect(await reasonOf(reading)).toBe('cancelled')
  })

  it('fails when nothing that was asked for came', async () => {
    const { inference } = service(async () => three)
    const asking = { ...request, accepts: [{ name: 'other', attributes: {} }] }
    expect(await reasonOf(inference.stream(asking, context())[Symbol.asyncIterator]().next())).toBe('output_mismatch')
  })
})

describe('LocalInferenceService.once on a wrapper that answers in pieces', () => {
  it('joins the pieces of an output', async () => {
    const pieces = ['a', 'b'].map(text => ({ ...output, data: Buffer.from(text) }))
    const { inference } = service(async () => [...pieces, { ...output, key: 'other' }])
    const { payloads } = await inference.once(request, context())
    expect(payloads.map(({ key, data }) => [key, Buffer.from(data).toString()])).toEqual([
      ['result', 'ab'],
      ['other', 'yes'],
    ])
  })
})

describe('LocalInferenceService.open', () => {
  const opening: Open = async () => ({
    ...{ results: (async function* () {})(), failed: new Promise(() => {}) },
    ...{ write: async () => {}, close: () => {} },
  })

  it('holds a slot until the session ends', async () => {
    const { inference, model } = service(untilCancelled, {}, undefined, opening)
    const session = await inference.open(request, context())
    expect(model.slots.inUse).toBe(1)
    session.close()
    expect(model.slots.inUse).toBe(0)
  })

  it('hands the first frame over with the opening, and nothing after it if it is the last one', async () => {
    const calls: Parameters<Open>[0][] = []
    const noting: Open = async (call, cancelled) => {
      calls.push(call)
      return opening(call, cancelled)
    }
    const { inference } = service(untilCancelled, {}, undefined, noting)
    const { payloads } = request
    const session = await inference.open({ ...request, first: { payloads, last: true } }, context())
    expect(calls).toMatchObject([{ first: payloads }])
    expect(await reasonOf(session.write({ payloads, last: true }))).toBe('session_ended')
    session.close()
  })

  it('frees the slot when the wrapper refuses', async () => {
    const refusal = async () => {
      throw new ServiceError('wrapper_failed', 'no', { wrapperRet: 7 })
    }
    const { inference, model } = service(untilCancelled, {}, undefined, refusal)
    expect(await reasonOf(inference.open(request, context()))).toBe('wrapper_failed')
    await new Promise(resolve => setImmediate(resolve))
    expect(model.slots.inUse).toBe(0)
  })

  it('gives up a wrapper that does not open in time, and frees the slot when it has let go', async () => {
    const never: Open = async (_, cancelled) => {
      throw await cancelled
    }
    const { inference, model, settle } = service(untilCancelled, { onceTimeoutMs: 20 }, undefined, never)
    expect(await reasonOf(inference.open(request, context()))).toBe('result_timeout')
    expect(model.slots.inUse).toBe(1)
    for (const letGo of settle) letGo()
    expect(model.slots.inUse).toBe(0)
  })

  it('gives up a wrapper that has not opened when the client leaves', async () => {
    const never: Open = async (_, cancelled) => {
      throw await cancelled
    }
    const { inference } = service(untilCancelled, {}, undefined, never)
    const client = new AbortController()
    const opening = reasonOf(inference.open(request, context(client.signal)))
    client.abort(new ServiceError('cancelled'))
    expect(await opening).toBe('cancelled')
  })
})

describe('LocalInferenceService.abortAll', () => {
  it('ends what runs, what waits and what is open with the reason', async () => {
    const opening: Open = async () => ({
      ...{ results: (async function* () {})(), failed: new Promise(() => {}) },
      ...{ write: async () => {}, close: () => {} },
    })
    const { inference } = service(untilCancelled, { slots: 2 }, undefined, opening)
    const session = await inference.open(request, context())
    const running = reasonOf(inference.once(request, context()))
    const waiting = reasonOf(inference.once(request, context()))
    inference.abortAll(new ServiceError('not_ready'))
    expect(await Promise.all([running, waiting])).toEqual(['not_ready', 'not_ready'])
    expect(await reasonOf(session.write({ payloads: [], last: false }))).toBe('not_ready')
  })
})
