import { expect } from 'vitest'
import { Status } from '../../../../src/core/payload.js'
import type { DrivenSession } from '../shared/driven-session.js'
import { FakeInference, modelInfo, textOutput } from '../shared/fake-inference.js'
import { AseClient, listeningServer } from './ase-client.js'

/** The sid of a session, as a server on these ports makes it. */
export const SID = /^ase[0-9a-f]{8}@local[0-9a-f]{11}0000502$/

/** An inference whose sessions answer each frame as the recorded plugin did: its text in upper case. */
export function upperCase(): FakeInference {
  const inference = new FakeInference([modelInfo('svcName')])
  inference.opened = session => {
    const attributes = { ...session.request.accepts[0]?.attributes }
    let begun = false
    session.onFrame = ({ payloads, last }) => {
      for (const { data } of payloads) {
        const status = last ? Status.end : begun ? Status.continue : Status.begin
        session.give(status, textOutput(Buffer.from(data).toString().toUpperCase(), attributes))
      }
      begun = true
    }
  }
  return inference
}

/** Opens a session; answers its client, its other side and its server. */
export async function opened(inference: FakeInference, options: Parameters<typeof listeningServer>[1] = {}) {
  const server = await listeningServer(inference, options)
  const client = await AseClient.connect(server.port)
  client.send({ header: { status: 0 } })
  const { header } = await client.next()
  expect(header).toEqual({ code: 0, message: 'success', sid: expect.stringMatching(SID), status: 0 })
  return { server, client, session: inference.sessions[0] as DrivenSession, sid: header.sid }
}

/** A model without a schema. */
export const served = () => new FakeInference([modelInfo('svcName')])
