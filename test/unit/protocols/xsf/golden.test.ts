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

// Ours returns all outputs then; sessions have transcripts of their own.
const isOnce = ({ name }: Exchange) =>
  name !== 'nothing expected' && !name.startsWith('stream: ') && !name.startsWith('after the end')

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

test('the transcript has the exchanges that are replayed here', () => {
  expect(exchanges.filter(isOnce)).toHaveLength(11)
})

test.each(exchanges.filter(isOnce))('answers as the golden transcript: $name', async ({ request, response }) => {
  const handle = `handle of ${request.op}`
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
