import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wrapperFolder } from '../helpers/daemon-process.js'
import { goldenFile } from '../helpers/golden.js'
import { type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { openRawWebSocket } from '../helpers/scenario-web-socket.js'
import { untilFree } from '../helpers/web-socket-client.js'

interface Message {
  readonly header: { readonly code: number; readonly message: string; readonly sid: string; readonly status: number }
  readonly payload?: unknown
}

interface Conversation {
  readonly name: string
  readonly sent: readonly { readonly after_ms: number; readonly text: unknown }[]
  readonly received: readonly { readonly after_ms: number; readonly json: Message }[]
  readonly closed: { readonly code: number } | null
}

const conversations: Conversation[] = JSON.parse(goldenFile('ase-websocket.json').toString())

/** What the recording client wrote into the transcript when it went away itself. */
const CLIENT_LEFT = 1006

it('has the conversations that are replayed here', () => {
  expect(conversations.map(({ closed }) => closed?.code)).toEqual([CLIENT_LEFT, 1000, 1000, CLIENT_LEFT, undefined])
})

describe.each([1, 2] as const)('over plugin protocol %i', protocol => {
  let daemon: ServingDaemon

  beforeAll(async () => {
    daemon = await startServing({ cwd: wrapperFolder('classic-stream') }, protocol)
  })
  afterAll(() => daemon.process.stop())

  it.each(conversations)('goes through the conversation as recorded: $name', async conversation => {
    const client = await openRawWebSocket(daemon.http)
    const received: Message[] = []
    // In the recording as here, a frame is sent when what the ones before it brought about has come.
    for (const [index, { text }] of conversation.sent.entries()) {
      client.socket.send(typeof text === 'string' ? text : JSON.stringify(text))
      for (const _ of answersTo(index, conversation)) received.push(JSON.parse(await client.next()))
    }
    const { closed } = conversation
    const refused = closed?.code === 1000
    // A server that had more to say, to a frame after the last one for example, would have said it by then.
    if (!refused) await client.settled()
    expect(client.untaken).toEqual([])

    const sid = received[0]?.header.sid
    expect(sid).toMatch(/^ase[0-9a-f]{8}@local[0-9a-f]{17}/)
    expect(received).toEqual(conversation.received.map(({ json }) => expected(json, sid)))
    // The texts of the loader's own errors differ; the close still repeats the message.
    if (refused) expect(await client.closed).toEqual({ code: 1000, reason: received.at(-1)?.header.message })
    else client.socket.terminate()
    await client.closed
    await untilFree(daemon.http)
  })
})

/** What was received between a frame and the next one. */
function answersTo(index: number, { sent, received }: Conversation): readonly unknown[] {
  const from = sent[index]?.after_ms ?? 0
  const until = sent[index + 1]?.after_ms ?? Number.POSITIVE_INFINITY
  return received.filter(({ after_ms }) => after_ms >= from && after_ms < until)
}

/** Sids differ from run to run, and messages need not be equal where the code says what is meant. */
function expected({ header, payload }: Message, sid: string | undefined): unknown {
  const message = header.code === 0 ? header.message : expect.stringMatching(/./)
  const own = { ...header, message, sid }
  return payload === undefined ? { header: own } : { header: own, payload }
}
