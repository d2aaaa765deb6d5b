import { expect, test } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import { Status } from '../../../../src/core/payload.js'
import { SessionTable } from '../../../../src/protocols/xsf/session-table.js'
import { FakeSession } from '../shared/fake-session.js'

const about = { sid: 'sid', model: 'svcName', idleTimeoutMs: 60_000 }
const left = new AbortController().signal

test('remembers the most recent handles, and lets go of results that nobody fetches', async () => {
  const table = new SessionTable(2)
  for (const handle of ['a', 'b', 'c']) {
    const session = new FakeSession(() => {})
    await table.open(handle, async () => session, about)
    session.give(Status.end)
    await session.over
  }
  await expect(table.find('a')).rejects.toMatchObject({ reason: 'session_unknown' })
  const [b, c] = [await table.find('b'), await table.find('c')]
  expect(await b.read(0, left)).toMatchObject({ seq: 1, result: { status: Status.end } })
  await expect(table.find('b')).rejects.toMatchObject({ reason: 'session_ended' })
  expect(await c.read(0, left)).toMatchObject({ seq: 1 })
})

test('keeps no trace of a thousand sessions that were opened and aborted, but their handles', async () => {
  const table = new SessionTable(10)
  const sessions: FakeSession[] = []
  for (let index = 0; index < 1000; index += 1) {
    const session = new FakeSession(() => {})
    sessions.push(session)
    await table.open(`h${index}`, async () => session, about)
  }

  table.abortAll(new ServiceError('not_ready'))
  await Promise.all(sessions.map(({ over }) => over))
  await expect(table.find('h989')).rejects.toMatchObject({ reason: 'session_unknown' })
  await expect(table.find('h990')).rejects.toMatchObject({ reason: 'session_ended' })
})
