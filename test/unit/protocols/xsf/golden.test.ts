import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { LoaderInput } from '../../../../src/gen/gateway/protocol/LoaderInput.js'
import type { LoaderOutput } from '../../../../src/gen/gateway/protocol/LoaderOutput.js'
import { InputCodec, type Once, OutputCodec, SEVEN, startXsf, type XsfFixture } from './fixture.js'

interface Exchange {
  readonly name: string
  readonly request: {
    readonly op: string
    readonly param: Record<string, string>
    readonly LoaderInput: LoaderInput | string | null
  }
  readonly response: { readonly code: number; readonly error_info: string; readonly LoaderOutput: [LoaderOutput] }
}

const goldenFile = (name: string) => new URL(`../../../conformance/golden/${name}`, import.meta.url)
const image = readFileSync(goldenFile('seven.png')).toString('base64')
const exchanges: Exchange[] = JSON.parse(
  readFileSync(goldenFile('xsf-grpc.json'), 'utf8').replaceAll('$SEVEN_PNG_BASE64', image),
)

const isSession = ({ name }: Exchange) => name.startsWith('stream: ') || name.startsWith('after the end')
// Ours returns all outputs when nothing is expected.
const isOnce = (exchange: Exchange) => exchange.name !== 'nothing expected' && !isSession(exchange)

/** Misbehaves on request as the transcripts' test plugin does. */
const once: Once = async ({ parameters }) => {
  if (parameters['ctrl'] === 'userr') throw new ServiceError('wrapper_failed', 'errr', { wrapperRet: 100 })
  if (parameters['ctrl'] === 'hang') throw new ServiceError('result_timeout')
  return SEVEN
}

let xsf: XsfFixture
beforeAll(async () => {
  xsf = await startXsf({ once })
})
afterAll(() => xsf.close())

function serializeInput(input: LoaderInput | string | null): { data: Buffer }[] {
  if (input === null) return []
  return [{ data: typeof input === 'string' ? Buffer.from(input, 'hex') : InputCodec.serialize(input) }]
}

async function replay({ request, response }: Exchange, handle: string): Promise<void> {
  const { response: ours, output } = await xsf.call({
    op: request.op,
    s: { t: 'trace', h: handle },
    param: request.param,
    data: serializeInput(request.LoaderInput),
  })
  expect(ours).toMatchObject({ code: response.code, error_info: response.error_info })
  expect(ours.s).toEqual({ t: 'trace', h: handle, sess: { PeerAddr: xsf.address } })
  const golden = OutputCodec.deserialize(OutputCodec.serialize(response.LoaderOutput[0]))
  // Messages need not be equal, except a wrapper's own texts and that of a time-out.
  const err = [0, 10910, 10102].includes(golden.code) ? golden.err : expect.stringMatching(/./)
  expect(output).toEqual({ ...golden, err })
}

test('the transcript has the exchanges that are replayed here', () => {
  expect(exchanges.filter(isOnce)).toHaveLength(11)
  expect(exchanges.filter(isSession)).toHaveLength(9)
})

test.each(exchanges.filter(isOnce))('answers as the golden transcript: $name', exchange =>
  replay(exchange, `handle of ${exchange.request.op}`),
)

test('goes through the session of the golden transcript, in which the last frame overtakes another', async () => {
  for (const exchange of exchanges.filter(isSession)) await replay(exchange, 'handle of the session')
  const [{ request, ctx, session } = expect.fail('no session was opened')] = xsf.opened
  expect(request).toMatchObject({
    model: 'svcName',
    parameters: { sid: 'sid-1' },
    accepts: [{ name: 'result', attributes: { encoding: 'utf8' } }],
    firstSyncId: 0,
  })
  expect(ctx).toMatchObject({ sid: 'sid-1', protocol: 'xsf' })
  expect(session.frames.map(({ syncId, last, payloads }) => [syncId, last, payloads[0]?.status])).toEqual([
    [0, false, 0],
    [1, false, 1],
    [3, true, 2],
    [2, false, 1],
  ])
  expect(session.ended).toBe('closed')
})

test('the wrapper is given what the transcript sent', () => {
  expect(xsf.seen[0]?.request).toEqual({
    model: 'svcName',
    parameters: { sid: 'sid-1' },
    payloads: [
      {
        key: 'img',
        type: 'image',
        status: 3,
        attributes: { encoding: 'jpg', seq: '0' },
        data: Buffer.from(image, 'base64'),
      },
    ],
    accepts: [{ name: 'result', attributes: { encoding: 'utf8' } }],
  })
})
