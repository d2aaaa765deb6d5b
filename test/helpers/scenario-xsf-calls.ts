import { randomUUID } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import type { ResData__Output } from '../../src/gen/gateway/utils/ResData.js'
import { XSF_CODES } from '../../src/protocols/xsf/error-map.js'
import { rpcErrorOf } from '../../src/rpc/unary.js'
import { type FrontEnd, MODEL, type Outcome, type ScenarioRequest } from './scenario-front-end.js'
import { createXsfClient, decodeOutput, encodeInput, type XsfClient } from './scenario-xsf.js'

/** Longer than any scenario lets the wrapper take, in ms. */
const WAIT_TIME = '10000'

/** A LoaderOutput's status: nothing follows. */
const LAST: ReadonlySet<unknown> = new Set([2, 3])

/** A failure that callers may take elsewhere is repeated outside the LoaderOutput. gRPC itself refuses what is too large. */
const renders: FrontEnd['renders'] = reason => {
  if (reason === 'message_too_large') return { grpc: status.RESOURCE_EXHAUSTED }
  return { code: XSF_CODES[reason], outside: reason === 'no_slot' ? XSF_CODES[reason] : 0 }
}

export const xsfOnce: FrontEnd = {
  name: 'XsfCall once',
  protocol: 'xsf',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, async client => {
      const { outcome } = take(await client.call(input(request, 'ONCE', '3', randomUUID()), signal))
      return outcome
    }),
}

export const xsfSession: FrontEnd = {
  name: 'XsfCall session',
  protocol: 'xsf',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, async client => {
      const handle = randomUUID()
      const opened = take(await client.call(input(request, 'STREAM', '2', handle)))
      if (opened.outcome.failure) return opened.outcome
      const give = (op: string, until?: AbortSignal) =>
        client.call({ op, s: { h: handle }, param: { SeqNo: '2', waitTime: WAIT_TIME } }, until)
      let text = ''
      try {
        for (;;) {
          const { outcome, last } = take(await give('AIOut', signal))
          text += outcome.text
          if (last) return { ...outcome, text }
        }
      } catch (error) {
        if (signal.aborted) await give('AIExcp')
        throw error
      }
    }),
}

async function withClient(address: string, use: (client: XsfClient) => Promise<Outcome>): Promise<Outcome> {
  const client = createXsfClient(address)
  try {
    return await use(client)
  } catch (thrown) {
    const error = rpcErrorOf(thrown)
    if (error === undefined) throw thrown
    return { text: '', failure: { grpc: error.code } }
  } finally {
    client.close()
  }
}

function input({ model = MODEL, text, fault }: ScenarioRequest, state: 'ONCE' | 'STREAM', end: string, handle: string) {
  const meta = { name: 'txt', attribute: { status: end } }
  const data = encodeInput({
    serviceId: model,
    state,
    params: fault === undefined ? {} : { fault },
    expect: [{ name: 'result', attribute: { encoding: 'utf8' } }],
    pl: text === undefined ? [] : [{ meta, data: Buffer.from(text) }],
  })
  return { op: 'AIIn', s: { h: handle }, param: { SeqNo: '1', waitTime: WAIT_TIME }, data: [{ data }] }
}

function take(answer: ResData__Output): { readonly outcome: Outcome; readonly last: boolean } {
  const output = decodeOutput(answer.data[0]?.data)
  const text = output.pl.map(({ data }) => data.toString()).join('')
  const failure = { code: output.code, outside: answer.code }
  return { outcome: output.code === 0 ? { text } : { text, failure }, last: LAST.has(output.status) }
}
