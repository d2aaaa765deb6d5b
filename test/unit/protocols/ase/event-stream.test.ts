import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { InferenceResult, RequestContext } from '../../../../src/core/inference.js'
import { Status } from '../../../../src/core/payload.js'
import type { AseOptions } from '../../../../src/protocols/ase/routes.js'
import { FakeInference, modelInfo, textOutput } from '../shared/fake-inference.js'
import { type ListeningServer, listeningServer } from './ase-client.js'
import { aseServer } from './ase-server.js'

const BODY = { payload: { txt: { text: 'YQ==' } } }

/** Results that a test gives one by one. */
class Results {
  /** Resolves when the results were given up. */
  readonly left: Promise<void>
  fetched = 0
  ctx: RequestContext | undefined
  private readonly steps: (InferenceResult | ServiceError)[] = []
  private wake = () => {}
  private tellLeft = () => {}

  constructor(inference: FakeInference) {
    this.left = new Promise(resolve => {
      this.tellLeft = resolve
    })
    inference.results = (_request, ctx) => this.read(ctx)
  }

  give(status: Status, text: string): void {
    this.steps.push({ status, payloads: [textOutput(text, { encoding: 'utf8' })] })
    this.wake()
  }

  fail(error: ServiceError): void {
    this.steps.push(error)
    this.wake()
  }

  private async *read(ctx: RequestContext): AsyncGenerator<InferenceResult> {
    this.ctx = ctx
    ctx.signal.addEventListener('abort', () => this.fail(ctx.signal.reason), { once: true })
    try {
      for (;;) {
        const step = this.steps.shift()
        if (step === undefined) {
          await new Promise<void>(resolve => {
            this.wake = resolve
          })
        } else if (step instanceof ServiceError) throw step
        else {
          this.fetched++
          yield step
          if (step.status === Status.end) return
        }
      }
    } finally {
      this.tellLeft()
    }
  }
}

interface Exchange {
  readonly server: ListeningServer
  readonly sent: ClientRequest
  readonly answer: Promise<IncomingMessage>
  readonly results: Results
  readonly inference: FakeInference
}

/** Asks for events; the test gives the results. */
async function ask(
  options: Partial<AseOptions> = {},
  { accept = 'text/event-stream', path = '/v1/svcName', body = JSON.stringify(BODY) } = {},
): Promise<Exchange> {
  const inference = new FakeInference([modelInfo('svcName')])
  const results = new Results(inference)
  const server = await listeningServer(inference, options)
  const sent = request({
    host: '127.0.0.1',
    port: server.port,
    path,
    method: 'POST',
    headers: { accept },
    agent: false,
  })
  onTestFinished(() => {
    sent.destroy()
  })
  // A test that destroys it knows.
  sent.on('error', () => {})
  const answer = new Promise<IncomingMessage>(resolve => {
    sent.once('response', resolve)
  })
  sent.end(body)
  return { server, sent, answer, results, inference }
}

/** The next piece of an answer, as it came. */
async function piece(answer: IncomingMessage): Promise<string> {
  return String((await once(answer, 'data'))[0])
}

async function rest(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const data of answer) text += data
  return text
}

describe('a request for an event stream', () => {
  it('gets each result at once, as an event with an ASE answer', async () => {
    const { answer, results, inference } = await ask()
    results.give(Status.begin, 'one')
    const message = await answer
    expect(message.statusCode).toBe(200)
    expect(message.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const first = await piece(message)
    expect(first).toMatch(/^data: [^\n]+\n\n$/)
    const { header, payload } = JSON.parse(first.slice(6))
    expect(header).toEqual({ code: 0, sid: results.ctx?.sid, status: 0 })
    expect(payload).toEqual({ result: { encoding: 'utf8', seq: '0', status: '0', text: 'one' } })
    expect(results.ctx?.protocol).toBe('ase-sse')
    expect(inference.requests[0]).toMatchObject({ model: 'svcName', payloads: [{ key: 'txt' }] })
    results.give(Status.continue, 'two')
    expect(JSON.parse((await piece(message)).slice(6)).payload.result).toMatchObject({
      seq: '1',
      status: '1',
      text: 'two',
    })
    results.give(Status.end, 'three')
    expect(JSON.parse((await rest(message)).slice(6))).toMatchObject({
      header: { status: 2 },
      payload: { result: { text: 'three' } },
    })
  })

  it('is recognised among other types', async () => {
    const { answer, results } = await ask({}, { accept: 'application/json, Text/Event-Stream;q=0.9' })
    results.give(Status.end, 'a')
    expect((await answer).headers['content-type']).toBe('text/event-stream')
  })

  it.each([
    ['a broken body', { body: '{' }, 400, 10000],
    ['an unknown service', { path: '/v1/nobody' }, 404, 10404],
  ])('is refused as any other: %s', async (_name, how, http, code) => {
    const { answer } = await ask({}, how)
    const message = await answer
    expect(message.statusCode).toBe(http)
    expect(JSON.parse(await rest(message)).header.code).toBe(code)
  })

  it('gets an ordinary error for what fails before the first result', async () => {
    const { answer, results } = await ask()
    results.fail(new ServiceError('no_slot'))
    const message = await answer
    expect(message.statusCode).toBe(503)
    expect(message.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'retry-after': '1' })
    expect(JSON.parse(await rest(message)).header.code).toBe(10110)
  })

  it('gets an event named error for what fails later, and the log a line', async () => {
    const { answer, results, server } = await ask()
    results.give(Status.begin, 'a')
    const message = await answer
    await piece(message)
    results.fail(new ServiceError('wrapper_failed', 'errr', { wrapperRet: 7 }))
    const event = await rest(message)
    expect(event).toMatch(/^event: error\ndata: [^\n]+\n\n$/)
    const { header, payload } = JSON.parse(event.slice('event: error\ndata: '.length))
    expect({ header, payload }).toEqual({
      header: { code: 10910, message: 'errr;code=7', sid: results.ctx?.sid },
      payload: null,
    })
    expect(server.logged()).toMatchObject([{ level: 50, sid: header.sid, code: 10910, ret: 7 }])
  })

  it('gets comments while there is no result', async () => {
    const { answer, results } = await ask({ eventStream: { pingIntervalMs: 20 } })
    results.give(Status.begin, 'a')
    const message = await answer
    await piece(message)
    expect(await piece(message)).toBe(': ping\n\n')
    expect(await piece(message)).toBe(': ping\n\n')
    results.give(Status.end, 'b')
    expect(await rest(message)).toMatch(/data: .*\n\n$/)
  })

  it('has the headers of CORS', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const { server } = aseServer(inference, { corsOrigins: ['https://page.example'] })
    onTestFinished(() => server.close())
    const headers = { accept: 'text/event-stream', origin: 'https://page.example' }
    const answer = await server.inject({ method: 'POST', url: '/v1/svcName', headers, payload: BODY })
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://page.example',
      'content-type': 'text/event-stream',
    })
    expect(answer.body).toMatch(/^data: .*"status":2.*\n\n$/)
  })
})

describe('a client of an event stream that leaves', () => {
  it('before the first result cancels the request', async () => {
    const { sent, results, server, inference } = await ask()
    await expect.poll(() => inference.requests.length).toBe(1)
    const line = server.nextLine()
    sent.destroy()
    await results.left
    await line
    expect(server.logged()).toMatchObject([{ level: 30, reason: 'cancelled' }])
  })

  it('between two results cancels the request at once', async () => {
    const { sent, answer, results, server } = await ask()
    results.give(Status.begin, 'a')
    await piece(await answer)
    const line = server.nextLine()
    sent.destroy()
    await results.left
    await line
    expect(results.ctx?.signal.aborted).toBe(true)
    expect(server.logged()).toMatchObject([{ level: 30, reason: 'cancelled' }])
  })
})

describe('a client of an event stream that reads slowly', () => {
  const MEGABYTE = 'x'.repeat(1 << 20)

  it('holds back what is fetched, and gets everything in the end', async () => {
    const { answer, results, server } = await ask()
    for (let n = 0; n < 40; n++) results.give(n === 39 ? Status.end : Status.continue, MEGABYTE)
    const message = await answer
    message.pause()
    // Others are served meanwhile.
    const other = fetch(`http://127.0.0.1:${server.port}/v1/svcName`, { method: 'POST', body: JSON.stringify(BODY) })
    expect((await other).status).toBe(200)
    expect(results.fetched).toBeLessThan(30)
    expect((await rest(message)).match(/^data: /gm)).toHaveLength(40)
  })

  it('past the time limit is cut off', async () => {
    const { answer, results, server } = await ask({ eventStream: { readerTimeoutMs: 50 } })
    for (let n = 0; n < 40; n++) results.give(Status.continue, MEGABYTE)
    const message = await answer
    message.pause()
    await results.left
    expect(results.fetched).toBeLessThan(30)
    await expect(rest(message)).rejects.toThrow('aborted')
    expect(server.logged()).toMatchObject([{ reason: 'reader_too_slow', code: 10114 }])
  })
})
