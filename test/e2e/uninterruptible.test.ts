import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AseAnswer, postAse } from '../helpers/clients.js'
import type { DaemonOptions, DaemonProcess } from '../helpers/daemon-process.js'
import { nativeEngine } from '../helpers/native-engine.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { slotsInUse, untilFree } from '../helpers/web-socket-client.js'

/** How long the client waits, and how long the wrapper works, in ms. */
const TIMEOUT_MS = 200
const WORK_MS = 2000

const daemons: DaemonProcess[] = []
afterEach(() => Promise.all(daemons.splice(0).map(daemon => daemon.stop())))

interface Kind {
  readonly name: string
  readonly protocol: 1 | 2
  readonly aiges?: NonNullable<DaemonOptions['config']>[string]
  /** Parameters of a request on which the wrapper works for `WORK_MS`, and for ever. */
  readonly long: Readonly<Record<string, string>>
  readonly endless: Readonly<Record<string, string>>
}

const KINDS: readonly Kind[] = [
  {
    name: 'a wrapper that speaks protocol 1',
    protocol: 1,
    long: { fault: 'deaf' },
    endless: { fault: 'hang' },
  },
  {
    name: 'a native engine in a blocking call',
    protocol: 2,
    aiges: { wrapperLib: nativeEngine() },
    long: { sleep: `${WORK_MS}` },
    endless: { do: 'hang' },
  },
]

describe.each(KINDS)('$name', ({ protocol, aiges, long, endless }) => {
  async function start(more: NonNullable<DaemonOptions['config']>[string] = {}): Promise<ServingDaemon> {
    const config = { fc: { max: 1, queue: 0 }, aiges: { drainTimeoutMs: 0, ...aiges, ...more } }
    const daemon = await startServing({ cwd: SCENARIO_WRAPPER, config }, protocol)
    daemons.push(daemon.process)
    return daemon
  }

  const ask = ({ http }: ServingDaemon, text: string, parameters = {}, init: RequestInit = {}) => {
    const payload = { txt: { encoding: 'utf8', status: 3, text: Buffer.from(text).toString('base64') } }
    return postAse(`${http}/v1/svcName`, { header: { status: 3 }, parameter: { svcName: parameters }, payload }, init)
  }
  /** Our engine answers as it was asked, the wrapper in capitals. */
  const textsOf = ({ body }: AseAnswer) => Object.values(body.payload ?? {}).map(({ text }) => text?.toUpperCase())
  const codeOf = ({ body }: AseAnswer) => body.header.code
  const impatient = { headers: { 'x-request-timeout-ms': String(TIMEOUT_MS) } }

  it('does not hold its client, but its slot until the call returns, whose result nobody gets', async () => {
    const daemon = await start()
    const begun = performance.now()
    expect(codeOf(await ask(daemon, 'first', long, impatient))).toBe(10102)
    expect(performance.now() - begun).toBeLessThan(WORK_MS / 2)
    expect(codeOf(await ask(daemon, 'second'))).toBe(10110)
    await untilFree(daemon.http)
    expect(performance.now() - begun).toBeGreaterThan(WORK_MS)
    const answer = await ask(daemon, 'third')
    expect([codeOf(answer), ...textsOf(answer)]).toEqual([0, 'THIRD'])
  })

  it('keeps its slot when its client leaves', async () => {
    const daemon = await start()
    const client = new AbortController()
    const begun = performance.now()
    const left = expect(ask(daemon, 'first', long, { signal: client.signal })).rejects.toThrow()
    await vi.waitFor(async () => expect(await slotsInUse(daemon.http)).toBe(1))
    client.abort()
    await left
    expect(codeOf(await ask(daemon, 'second'))).toBe(10110)
    await untilFree(daemon.http)
    expect(performance.now() - begun).toBeGreaterThan(WORK_MS)
  })

  it('gives its slot back when it was replaced because it never returns', async () => {
    const daemon = await start({ wrapperDelayDetectPeriod: 1 })
    const { pid } = await daemon.process.line(({ msg }) => msg.startsWith('starting the plugin'))
    expect(codeOf(await ask(daemon, 'first', endless, impatient))).toBe(10102)
    expect(await slotsInUse(daemon.http)).toBe(1)
    await daemon.process.line(line => line.msg.startsWith('starting the plugin') && line['pid'] !== pid)
    await untilFree(daemon.http)
    await vi.waitFor(async () => expect(codeOf(await ask(daemon, 'second'))).toBe(0), { timeout: 20_000 })
  })
})
