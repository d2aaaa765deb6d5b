import { describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import type { Payload } from '../../../src/core/payload.js'
import { SessionV2 } from '../../../src/plugin/session-v2.js'

const payload = (bytes: number): Payload => ({
  key: 'txt',
  type: 'text',
  status: 1,
  attributes: {},
  data: Buffer.alloc(bytes),
})

function setUp() {
  const onWrite = vi.fn()
  const onCancel = vi.fn()
  const onClose = vi.fn()
  const session = new SessionV2({ onWrite, onCancel, onClose })
  return { session, onWrite, onCancel, onClose }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

async function isOpen(session: SessionV2): Promise<boolean> {
  return Promise.race([session.opened.then(() => true), turn().then(() => false)])
}

describe('SessionV2', () => {
  it('is open when the plugin says that its wrapper has created it', async () => {
    const { session } = setUp()
    expect(await isOpen(session)).toBe(false)
    session.created()
    expect(await isOpen(session)).toBe(true)
  })

  it('is open when a first result comes', async () => {
    const { session } = setUp()
    session.add([payload(1)], false)
    expect(await isOpen(session)).toBe(true)
  })

  it.each([
    ['its wrapper refuses', (session: SessionV2) => session.fail(new ServiceError('wrapper_failed')), 'wrapper_failed'],
    ['it is cancelled', (session: SessionV2) => session.cancel(new ServiceError('result_timeout')), 'result_timeout'],
  ])('does not open when %s', async (_, end, reason) => {
    const { session } = setUp()
    end(session)
    await expect(session.opened).rejects.toMatchObject({ reason })
  })

  it('is busy after a cancel until the wrapper, which was creating it, has let go', () => {
    const { session, onCancel } = setUp()
    session.opened.catch(() => {})
    const idle = vi.fn()
    session.cancel(new ServiceError('result_timeout'))
    session.whenIdle(idle)
    session.created()
    expect([onCancel.mock.calls.length, idle.mock.calls.length]).toEqual([1, 0])
    session.fail(new ServiceError('wrapper_failed'))
    expect(idle).toHaveBeenCalledOnce()
  })

  it('sends a frame when there is room for it', async () => {
    const { session, onWrite } = setUp()
    await session.write([payload(200_000)])
    const second = session.write([payload(200_000)])
    await turn()
    expect(onWrite).toHaveBeenCalledTimes(1)
    session.taken(1)
    await second
    expect(onWrite).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['is closed', (session: SessionV2) => session.close()],
    ['is cancelled', (session: SessionV2) => session.cancel(new ServiceError('cancelled'))],
    ['fails', (session: SessionV2) => session.fail(new ServiceError('plugin_crashed'))],
    ['has its last result', (session: SessionV2) => session.finish()],
  ])('settles a write that waits, and sends nothing more, when it %s', async (_, end) => {
    const { session, onWrite } = setUp()
    session.created()
    await session.write([payload(200_000)])
    const waiting = session.write([payload(200_000)])
    end(session)
    await waiting
    await session.write([payload(1)])
    expect(onWrite).toHaveBeenCalledTimes(1)
  })
})
