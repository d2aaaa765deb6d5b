import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callXsf } from '../helpers/clients.js'
import { type DaemonProcess, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import { nextLine, untilReady } from '../helpers/scenario-daemon.js'
import { soonest } from '../helpers/soonest.js'
import { connectWebSocket, slotsInUse, textOf, untilFree } from '../helpers/web-socket-client.js'

/** How late a wrapper may learn that its client has left: 50 ms of it are its own sleep. */
const LATE_MS = 250

/** A daemon for the tests of a group; each waits until its sessions are over. */
function served(wrapper: 'streaming' | 'classic-stream', config = {}) {
  let daemon: DaemonProcess
  beforeAll(() => {
    daemon = startDaemonProcess({ cwd: wrapperFolder(wrapper), config })
  })
  beforeEach(async () => untilReady((await daemon.ready).http))
  afterEach(async () => untilFree((await daemon.ready).http))
  afterAll(() => daemon.stop())
  return async () => ({ daemon, ...(await daemon.ready) })
}

describe.each(['streaming', 'classic-stream'] as const)('a session with a wrapper of the style %s', style => {
  const serving = served(style)

  it('pushes each result while frames are still being sent', async () => {
    const { http } = await serving()
    const client = await connectWebSocket(http)
    client.send('aaa', 0)
    const acknowledgement = await client.next()
    expect(acknowledgement.header).toMatchObject({ code: 0, message: 'success', status: 0 })
    expect(acknowledgement.header.sid).toMatch(/^ase[0-9a-f]{8}@local[0-9a-f]{17}/)
    expect(textOf(await client.next())).toBe('AAA')
    client.send('bbb', 1)
    expect(textOf(await client.next())).toBe('BBB')
    client.send('ccc', 2)
    const third = await client.next()
    expect(textOf(third)).toBe('CCC')
    const last = third.header.status === 2 ? third : await client.next()
    expect(last.header).toMatchObject({ code: 0, status: 2 })
    await untilFree(http)
    client.socket.terminate()
  })

  it('is destroyed and gives its slot back when the client goes away', async () => {
    const { daemon, http } = await serving()
    const over = nextLine({ process: daemon }, /session over, cancelled: True|destroying/)
    const client = await connectWebSocket(http)
    client.send('aaa', 0)
    await client.next()
    await client.next()
    expect(await slotsInUse(http)).toBe(1)
    client.socket.terminate()
    await over
    await untilFree(http)
  })

  it('serves sessions beside each other, each with its own results', async () => {
    const { http } = await serving()
    const clients = await Promise.all([1, 2, 3].map(() => connectWebSocket(http)))
    for (const [index, client] of clients.entries()) client.send(`text ${index}`, 0)
    for (const [index, client] of clients.entries()) {
      await client.next()
      expect(textOf(await client.next())).toBe(`TEXT ${index}`)
      client.socket.terminate()
    }
  })

  it('runs over XsfCall, also with frames that overtake one another', async () => {
    const { grpc } = await serving()
    const frame = (syncId: number, text: string, status: string, seqNo: string) =>
      callXsf(
        grpc,
        'AIIn',
        { SeqNo: seqNo, waitTime: '5000' },
        {
          serviceId: 'svcName',
          state: 0,
          sync_id: syncId,
          expect: [{ name: 'result', attribute: { encoding: 'utf8' } }],
          pl: [{ meta: { name: 'txt', attribute: { status } }, data: Buffer.from(text) }],
        },
      )
    const fetchResult = () => callXsf(grpc, 'AIOut', { SeqNo: '2', waitTime: '5000' })
    expect((await frame(0, 'aaa', '0', '1')).output).toMatchObject({ code: 0 })
    await frame(2, 'ccc', '2', '2')
    await frame(1, 'bbb', '1', '2')
    const texts: string[] = []
    for (let status = 0; status !== 2; ) {
      const { output } = await fetchResult()
      expect(output.code).toBe(0)
      status = output.status as number
      texts.push(...output.pl.map(({ data }) => data.toString()))
    }
    expect(texts).toEqual(['AAA', 'BBB', 'CCC'])
    expect((await fetchResult()).output.code).toBe(10101)
  })
})

describe('a wrapper that yields', () => {
  const serving = served('streaming')
  const request = (text: string, mode = 'fast') => ({
    parameter: { svcName: { mode, result: { data_type: 'text' } } },
    payload: { txt: { text: Buffer.from(text).toString('base64') } },
  })
  const post = (http: string, body: unknown, headers = {}, signal?: AbortSignal) =>
    fetch(`${http}/v1/svcName`, { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) })

  it('answers a plain request with its pieces joined', async () => {
    const { http } = await serving()
    const answer = (await (await post(http, request('one two three'))).json()) as {
      payload: { result: { text: string } }
    }
    expect(answer.payload.result.text).toBe('onetwothree')
  })

  it('streams its pieces as events', async () => {
    const { http } = await serving()
    const response = await post(http, request('one two three'), { accept: 'text/event-stream' })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const events = (await response.text())
      .split('\n')
      .filter(line => line.startsWith('data: '))
      .map(line => JSON.parse(line.slice(6)))
    expect(events.map(({ payload }) => payload.result?.text).filter(Boolean)).toEqual(['one', 'two', 'three'])
    expect(events.at(-1).header).toMatchObject({ code: 0, status: 2 })
  })

  it('is stopped when the client leaves', async () => {
    const { daemon, http } = await serving()
    const words = Array.from({ length: 400 }, () => 'word').join(' ')
    const lateMs = await soonest(LATE_MS, async () => {
      const client = new AbortController()
      const over = nextLine({ process: daemon }, /generator over/)
      const response = await post(http, request(words, 'slow'), { accept: 'text/event-stream' }, client.signal)
      await response.body?.getReader().read()
      const left = performance.now()
      client.abort()
      await over
      await untilFree(http)
      return performance.now() - left
    })
    expect(lateMs).toBeLessThan(LATE_MS)
  })
})

describe('a session that goes wrong', () => {
  const serving = served('streaming')

  it("ends with the wrapper's exception", async () => {
    const { http } = await serving()
    const client = await connectWebSocket(http)
    client.send('raise', 0)
    let message = await client.next()
    while (message.header.code === 0) message = await client.next()
    expect(message.header).toMatchObject({
      code: 10910,
      message: expect.stringContaining('ValueError: the frame is bad'),
    })
    await untilFree(http)
  })

  it('ends with 10109 when the plugin crashes', async () => {
    const { daemon, http } = await serving()
    const client = await connectWebSocket(http)
    client.send('aaa', 0)
    await client.next()
    await client.next()
    const { pid } = await daemon.line(({ msg }) => msg === 'plugin is ready')
    process.kill(Number(pid), 'SIGKILL')
    expect((await client.next()).header.code).toBe(10109)
    await untilFree(http)
  })
})

describe('a session to which no frame comes for [ws] readTimeout', () => {
  const serving = served('streaming', { ws: { readTimeout: 1 } })

  it('ends', async () => {
    const { http } = await serving()
    const client = await connectWebSocket(http)
    client.send('aaa', 0)
    let message = await client.next()
    while (message.header.code === 0) message = await client.next()
    expect(message.header.code).toBe(10114)
    await untilFree(http)
  })
})
