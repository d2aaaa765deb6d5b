import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type DaemonProcess, type PythonName, pythonOf, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'
import { connectWebSocket, slotsInUse, textOf, untilFree } from '../helpers/web-socket-client.js'

const running: DaemonProcess[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(daemon => daemon.stop()))
})

async function start(python: PythonName) {
  const daemon = startDaemonProcess({ cwd: join(ROOT, 'test/helpers/wrappers/classic-stream-0.16'), python })
  running.push(daemon)
  return { daemon, ...(await daemon.ready) }
}

/** Ends the daemon, so that all has been logged; returns what the wrapper said about its sessions, in order. */
async function sessionsOf(daemon: DaemonProcess): Promise<string[]> {
  expect(await daemon.stop()).toBe(0)
  return daemon.log.map(({ msg }) => msg).filter(msg => /^(created|destroyed) /.test(msg))
}

describe.each([
  ['pypi-0.16.0', 1],
  ['bundled', 2],
] as const)('a session of a wrapper for the SDK 0.16 (%s, protocol %i)', (python, protocol) => {
  it('pushes the result of each frame before the next is sent, with its status, and is destroyed once', async () => {
    const { daemon, http } = await start(python)
    const plugin = await daemon.line(({ msg }) => msg === 'plugin is ready')
    expect(plugin['protocol']).toBe(protocol)
    if (python !== 'bundled') {
      // The package of its own environment runs, not the daemon's.
      const { interpreter } = await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
      expect(interpreter).toContain(join(dirname(dirname(pythonOf(python))), 'lib'))
    }

    const client = await connectWebSocket(http)
    const results: unknown[] = []
    for (const [status, text] of ['aaa', 'bbb', 'ccc'].entries()) {
      client.send(text, status)
      if (status === 0) expect((await client.next()).header).toMatchObject({ code: 0, message: 'success', status: 0 })
      const message = await client.next()
      expect(message.header.code).toBe(0)
      results.push([textOf(message), message.header.status, message.payload?.result?.status])
    }
    expect(results).toEqual([
      ['AAA', 0, 0],
      ['BBB', 1, 1],
      ['CCC', 2, 2],
    ])
    await untilFree(http)
    client.socket.terminate()
    expect(await sessionsOf(daemon)).toEqual(['created Process-0-Thread-0', 'destroyed Process-0-Thread-0'])
  })

  it('is destroyed once when the client leaves, and its handle serves the next session', async () => {
    const { daemon, http } = await start(python)
    const leaving = await connectWebSocket(http)
    leaving.send('aaa', 0)
    await leaving.next()
    expect(textOf(await leaving.next())).toBe('AAA')
    expect(await slotsInUse(http)).toBe(1)
    leaving.socket.terminate()
    await untilFree(http)

    const client = await connectWebSocket(http)
    client.send('whole', 2)
    await client.next()
    const last = await client.next()
    expect([textOf(last), last.header.status]).toEqual(['WHOLE', 2])
    await untilFree(http)
    client.socket.terminate()
    const session = ['created Process-0-Thread-0', 'destroyed Process-0-Thread-0']
    expect(await sessionsOf(daemon)).toEqual([...session, ...session])
  })

  it('gets none of the results of a session beside it', async () => {
    const { daemon, http } = await start(python)
    const clients = await Promise.all(['left', 'right'].map(() => connectWebSocket(http)))
    for (const [index, client] of clients.entries()) client.send(`text ${index}`, 0)
    for (const [index, client] of clients.entries()) {
      await client.next()
      expect(textOf(await client.next())).toBe(`TEXT ${index}`)
      client.send(`end ${index}`, 2)
      const last = await client.next()
      expect([textOf(last), last.header.status]).toEqual([`END ${index}`, 2])
      client.socket.terminate()
    }
    await untilFree(http)
    const destroyed = (await sessionsOf(daemon)).filter(msg => msg.startsWith('destroyed'))
    expect(destroyed.sort()).toEqual(['destroyed Process-0-Thread-0', 'destroyed Process-0-Thread-1'])
  })

  it('ends with an error when a result is none, and its handle serves the next session', async () => {
    const { daemon, http } = await start(python)
    const failing = await connectWebSocket(http)
    failing.send('no status', 0)
    await failing.next()
    expect((await failing.next()).header.code).not.toBe(0)
    failing.socket.terminate()
    await untilFree(http)

    const client = await connectWebSocket(http)
    client.send('whole', 2)
    await client.next()
    expect(textOf(await client.next())).toBe('WHOLE')
    await untilFree(http)
    client.socket.terminate()
    const session = ['created Process-0-Thread-0', 'destroyed Process-0-Thread-0']
    expect(await sessionsOf(daemon)).toEqual([...session, ...session])
  })

  it('ends with 10109 when wrapperWrite ends the process', async () => {
    const { http } = await start(python)
    const client = await connectWebSocket(http)
    client.send('aaa', 0)
    await client.next()
    await client.next()
    client.send('exit', 1)
    expect((await client.next()).header).toMatchObject({ code: 10109, message: expect.stringContaining('code 9') })
    await untilFree(http)
  })
})
