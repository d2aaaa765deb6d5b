import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { faultLaunch } from '../../helpers/fault-launch.js'
import { faultCall, faultSet, once, reasonOf, until } from './fault-set.js'

describe.each([1, 2] as const)('a plugin that speaks protocol %i', protocol => {
  it.each(['unix', 'tcp'] as const)('is reached over %s', async network => {
    const set = faultSet('well-behaved', { protocol, network })
    await set.start()
    expect(set.readiness).toEqual({ ready: true })
    expect(set.schema).toMatchObject({ serviceId: 'fault', version: '1.2.3', routes: ['/v1/private/fault'] })
    const {
      payloads: [output],
    } = await once(set, 'none')
    expect(output).toMatchObject({ key: 'result', type: 'text', status: 3 })
    expect(Buffer.from(output?.data ?? []).toString()).toBe('hello')
  })

  it.each(['unix', 'tcp'] as const)('is spoken to over mutual TLS on %s', async network => {
    const set = faultSet('well-behaved', { protocol, network, tls: true })
    await set.start()
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('is reached over mutual TLS after a crash, too', async () => {
    const set = faultSet('well-behaved', { protocol, tls: true })
    await set.start()
    const gone = until(set, false)
    await reasonOf(once(set, 'crash'))
    await gone
    await until(set, true)
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('answers many calls at once, each with its own result', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index}`)
    const answers = await Promise.all(texts.map(text => set.acquire().once(faultCall('none', text))))
    expect(answers.map(({ payloads: [output] }) => Buffer.from(output?.data ?? []).toString())).toEqual(texts)
  })

  it('carries a payload of 20 MB both ways', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    const text = 'x'.repeat(20 << 20)
    const {
      payloads: [output],
    } = await set.acquire().once(faultCall('none', text))
    expect(output?.data.byteLength).toBe(text.length)
  })

  it('may print what it likes before its handshake line', async () => {
    const set = faultSet('garbage-line', { protocol })
    await set.start()
    expect(set.readiness.ready).toBe(true)
  })

  it('may flood its stdout', async () => {
    const set = faultSet('flood-stdout', { protocol })
    await set.start()
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('fails the calls that it was working on when it crashes, and is replaced', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    const gone = until(set, false)
    expect(await Promise.all([reasonOf(once(set, 'hang')), reasonOf(once(set, 'crash'))])).toEqual([
      'plugin_crashed',
      'plugin_crashed',
    ])
    await gone
    await until(set, true)
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('passes on the code of its wrapper', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    await expect(once(set, 'error-ret')).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 100 })
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('is reported when it answers with a data type that does not exist', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    expect(await reasonOf(once(set, 'wrong-type'))).toBe('output_mismatch')
  })

  it('may answer twice without harm to the next call', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    expect((await once(set, 'answer-twice')).payloads).toHaveLength(1)
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })

  it('does not hold a client whose call was given up, but stays busy until its wrapper answers', async () => {
    const set = faultSet('well-behaved', { protocol })
    await set.start()
    const lease = set.acquire()
    const result = reasonOf(lease.once(faultCall('hang')))
    lease.cancel(new ServiceError('cancelled'))
    expect(await result).toBe('cancelled')
    let idle = false
    const gone = new Promise<void>(resolve => {
      lease.release(() => {
        idle = true
        resolve()
      })
    })
    expect(idle).toBe(false)
    await Promise.all([reasonOf(once(set, 'crash')), gone])
  })

  it('is killed when it ignores the wish to end', async () => {
    const set = faultSet('ignore-shutdown', { protocol })
    await set.start()
    const started = performance.now()
    await set.stop(100)
    expect(set.readiness.ready).toBe(false)
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('reports why its wrapper could not be initialised', async () => {
    const set = faultSet('init-error', { protocol })
    const error = await set.start().catch((thrown: Error) => thrown.message)
    expect(error).toContain('wrapperInit failed (ret 30002)')
    // It was ended because of that, which explains nothing.
    expect(error).not.toContain('process:')
    expect(set.readiness).toMatchObject({ ready: false, why: expect.stringContaining('ret 30002') })
  })

  it('reports a wrapperInit that does not return', async () => {
    const set = faultSet('init-hang', { protocol, startTimeoutMs: 2500 })
    await expect(set.start()).rejects.toThrow('not ready within 2500 ms')
  })

  it('reports an exit during wrapperInit with the last lines of output', async () => {
    const set = faultSet('exit-in-init', { protocol })
    await expect(set.start()).rejects.toThrow(/exited with code 3[\s\S]*licence\.dat[\s\S]*likely cause/)
  })
})

it('a plugin of protocol 2 says when a request fails by the fault of its client', async () => {
  const set = faultSet('well-behaved', { protocol: 2 })
  await set.start()
  const error = { reason: 'schema_violation', message: 'the wrapper says no' }
  await expect(once(set, 'invalid-input')).rejects.toMatchObject(error)
  expect((await once(set, 'none')).payloads).toHaveLength(1)
})

describe('drain', () => {
  it('resolves when the last call has been let go of, and not before', async () => {
    const set = faultSet('well-behaved')
    await set.start()
    const lease = set.acquire()
    let drained = false
    const draining = set.drain(10_000).then(() => {
      drained = true
    })
    await lease.once(faultCall('none'))
    expect(drained).toBe(false)
    lease.release(() => {})
    await draining
  })

  it('resolves at once when nothing runs, and when the time is over', async () => {
    const set = faultSet('well-behaved')
    await set.start()
    await set.drain(10_000)
    const lease = set.acquire()
    await set.drain(20)
    lease.release(() => {})
  })
})

describe('a plugin that does not start', () => {
  it('says why while it is tried again, too', async () => {
    const set = faultSet('init-error')
    await set.start().catch(() => {})
    await new Promise<void>(again => {
      const stop = set.onChange(() => {
        stop()
        again()
      })
    })
    expect(set.readiness).toMatchObject({ ready: false, why: expect.stringContaining('ret 30002') })
  })

  it('is reported with command, folder, exit and likely cause', async () => {
    const set = faultSet('exit-before-line')
    const error = await set.start().catch((thrown: Error) => thrown.message)
    expect(error).toContain('command: fault-plugin exit-before-line')
    expect(error).toContain(`working directory: ${process.cwd()}`)
    expect(error).toContain('process: exited with code 1')
    expect(error).toContain("ModuleNotFoundError: No module named 'torch'")
    expect(error).toMatch(/likely cause: .*pip install torch/)
  })

  it('is reported when it never prints a line', async () => {
    const set = faultSet('silent', { startTimeoutMs: 1500 })
    await expect(set.start()).rejects.toThrow('not ready within 1500 ms')
  })

  it('is reported with the handshake line that was refused', async () => {
    const set = faultSet('wrong-core-version')
    await expect(set.start()).rejects.toThrow(/core protocol version is 2[\s\S]*read instead of a handshake: 2\|2\|/)
  })

  it('is reported when it gives no certificate although TLS was asked for', async () => {
    const set = faultSet('plain', { tls: true })
    const text =
      /\[aiges\] pluginTls = true, but the handshake of the plugin has no cert.* Leave the key out for them: /
    await expect(set.start()).rejects.toThrow(text)
  })

  it('is reported when it demands TLS that was not asked for', async () => {
    const set = faultSet('tls-unasked')
    await expect(set.start()).rejects.toThrow('the plugin demands TLS')
  })

  it('is reported when its certificate cannot be read', async () => {
    const set = faultSet('unreadable-certificate', { tls: true })
    await expect(set.start()).rejects.toThrow("the certificate in the plugin's handshake cannot be read")
  })

  it('is reported when its command does not exist', async () => {
    const { command, ...launch } = faultLaunch('silent', { socketFolder: '/nowhere' })
    const set = faultSet('silent', { launch: { ...launch, command: { ...command, file: '/no/such/program' } } })
    await expect(set.start()).rejects.toThrow(/ENOENT[\s\S]*likely cause/)
  })
})

it('a plugin may drop its connection when it is told to end, and still end in order', async () => {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: line => lines.push(line) })
  const set = faultSet('slow-end', { log })
  await set.start()
  await set.stop(5000)
  expect(lines.join('')).toContain('ended in order')
})
