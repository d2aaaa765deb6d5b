import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoaderInput } from '../../src/gen/gateway/protocol/LoaderInput.js'
import type { LoaderOutput } from '../../src/gen/gateway/protocol/LoaderOutput.js'
import { wrapperFolder } from '../helpers/daemon-process.js'
import { goldenFile } from '../helpers/golden.js'
import { type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { createXsfClient, decodeOutput, encodeInput, encodeOutput, type XsfClient } from '../helpers/scenario-xsf.js'
import { untilFree } from '../helpers/web-socket-client.js'

interface Exchange {
  readonly name: string
  readonly request: {
    readonly op: string
    /** `$new` or `$H`, the handle of the session. */
    readonly handle: string
    readonly param: Record<string, string>
    /** A string is the hexadecimal form of bytes that are none. */
    readonly LoaderInput: LoaderInput | string | null
  }
  readonly response: {
    readonly seconds: number
    readonly code: number
    readonly error_info: string
    readonly LoaderOutput: [LoaderOutput]
  }
}

const image = goldenFile('seven.png').toString('base64')
const exchanges: Exchange[] = JSON.parse(goldenFile('xsf-grpc.json').toString().replaceAll('$SEVEN_PNG_BASE64', image))
const isOfSession = ({ name }: Exchange) => name.startsWith('stream: ') || name.startsWith('after the end')
const single = exchanges.filter(exchange => !isOfSession(exchange))
const ofSession = exchanges.filter(isOfSession)

/** What the test wrapper answers to everything, for the exchanges that ours answers with it and the reference refuses. */
const SEVEN = single.find(({ name }) => name === 'once')?.response.LoaderOutput[0]

it('has the exchanges that are replayed here', () => {
  expect([single.length, ofSession.length]).toEqual([12, 9])
})

describe.each([1, 2] as const)('over plugin protocol %i', protocol => {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-golden-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  describe('with the wrapper of the transcripts', () => {
    const daemon = served(() => ({
      cwd: wrapperFolder('golden'),
      // The call that hangs does so for good, and another one follows it.
      config: { wrapper: { saw: join(folder, 'saw.jsonl') }, aiges: { concurrency: 2 } },
    }))

    it.each(single)('answers as recorded: $name', exchange => replay(exchange, daemon, `handle of ${exchange.name}`))
  })

  describe('with a wrapper that answers each frame in capitals', () => {
    const daemon = served(() => ({ cwd: wrapperFolder('classic-stream') }))

    it('goes through the session as recorded, in which the last frame overtakes another', async () => {
      for (const exchange of ofSession) await replay(exchange, daemon, 'handle of the session')
      await untilFree(daemon.at().http)
    })
  })

  function served(options: () => Parameters<typeof startServing>[0]) {
    let daemon: ServingDaemon
    let client: XsfClient
    beforeAll(async () => {
      daemon = await startServing(options(), protocol)
      client = createXsfClient(daemon.grpc)
    })
    afterAll(async () => {
      client?.close()
      await daemon?.process.stop()
    })
    return { at: () => daemon, client: () => client }
  }

  async function replay({ name, request, response }: Exchange, daemon: ReturnType<typeof served>, handle: string) {
    const begun = performance.now()
    const { op, param, LoaderInput: input } = request
    const answer = await daemon.client().call({
      op,
      param,
      s: { t: 'trace', h: handle },
      data:
        input === null ? [] : [{ data: typeof input === 'string' ? Buffer.from(input, 'hex') : encodeInput(input) }],
    })
    const seconds = (performance.now() - begun) / 1000
    expect(answer).toMatchObject({ code: response.code, error_info: response.error_info })
    expect(answer.s).toEqual({ t: 'trace', h: handle, sess: { PeerAddr: daemon.at().grpc } })
    expect(answer.data).toHaveLength(1)
    expect(decodeOutput(answer.data[0]?.data)).toEqual(recorded(name, response.LoaderOutput[0], protocol))
    expect(Math.abs(seconds - response.seconds)).toBeLessThan(0.5)
  }
})

/** The recorded output with every default filled in, but for what differs on purpose. */
function recorded(name: string, output: LoaderOutput, protocol: number): unknown {
  // With nothing expected, all outputs come back, with the attributes that the schema gives them.
  if (name === 'nothing expected') {
    const { pl: [seven] = [], ...rest } = withDefaults(SEVEN ?? {})
    const attribute = expect.objectContaining({ seq: '0', status: '3' })
    return { ...rest, pl: [{ ...seven, meta: { ...seven?.meta, attribute } }] }
  }
  const golden = withDefaults(output)
  return { ...golden, err: textOf(golden, protocol) }
}

const withDefaults = (output: LoaderOutput) => decodeOutput(encodeOutput(output))

/** Messages need not be equal, except a wrapper's own text and that of a time-out, which callers know. */
function textOf({ code, err }: { readonly code: number; readonly err: string }, protocol: number): unknown {
  // Protocol 1 has no place for a wrapper's text, so the daemon's own stands there.
  if (code === 10910) return protocol === 1 ? err.replace('errr;', 'wrapper error;') : err
  return code === 0 || code === 10102 ? err : expect.stringMatching(/./)
}
