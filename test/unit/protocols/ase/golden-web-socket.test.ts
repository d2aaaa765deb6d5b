import { describe, expect, it } from 'vitest'
import { goldenFile } from '../../../helpers/golden.js'
import { AseClient, type AseMessage, listeningServer } from './ase-client.js'
import { SID, upperCase } from './web-socket-fixture.js'

interface Conversation {
  readonly name: string
  readonly sent: readonly { readonly text: unknown }[]
  readonly received: readonly { readonly json: AseMessage }[]
  readonly closed: { readonly code: number; readonly reason: string } | null
}
const conversations: Conversation[] = JSON.parse(goldenFile('ase-websocket.json').toString())

/** Sids differ from run to run, and the texts of errors may. */
function comparable({ header, payload }: AseMessage) {
  const { code, status } = header
  return { header: code === 0 ? { ...header, sid: '' } : { code, status }, ...(payload && { payload }) }
}

describe('the recorded conversations', () => {
  it('are all there', () => {
    expect(conversations).toHaveLength(5)
  })

  it.each(conversations.map(recorded => [recorded.name, recorded] as const))('%s', async (_name, recorded) => {
    const inference = upperCase()
    const { port } = await listeningServer(inference, { webSocket: { lingerMs: 50 } })
    const client = await AseClient.connect(port)
    for (const { text } of recorded.sent) client.send(text)
    const received: AseMessage[] = []
    for (const _message of recorded.received) received.push(await client.next())
    expect(received.map(comparable)).toEqual(recorded.received.map(({ json }) => comparable(json)))
    for (const { header } of received) expect(header.sid).toMatch(SID)
    expect(new Set(received.map(({ header }) => header.sid)).size).toBe(1)
    if (recorded.closed?.code === 1000) {
      const reason = received[0]?.header.message
      expect(await client.closed).toEqual({ code: 1000, reason })
    } else if (received.at(-1)?.header.status === 2) {
      expect(await client.rest()).toEqual([])
      expect((await client.closed).code).toBe(1000)
    } else client.socket.close()
  })
})
