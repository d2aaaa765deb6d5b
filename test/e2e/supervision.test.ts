import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { postAse, textRequest } from '../helpers/clients.js'
import {
  type DaemonOptions,
  type DaemonProcess,
  ROOT,
  startDaemonProcess,
  wrapperFolder,
} from '../helpers/daemon-process.js'

const daemons: DaemonProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'supervision-'))

afterEach(async () => {
  await Promise.all(daemons.splice(0).map(daemon => daemon.stop()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function start(options: Omit<DaemonOptions, 'cwd'> & { readonly project: Parameters<typeof wrapperFolder>[0] }) {
  const daemon = startDaemonProcess({ cwd: wrapperFolder(options.project), ...options })
  daemons.push(daemon)
  const { http } = await daemon.ready
  const pids = () => daemon.log.filter(({ msg }) => msg === 'plugin is ready').map(({ pid }) => Number(pid))
  return { http, pids, url: `${http}/v1/svcName` }
}

describe('a Python plugin that is killed under load, again and again', () => {
  it.each([
    ['long', 0.02, 3],
    ['short', 0, 3],
  ])(
    'fails the %s requests that it had begun; none is begun twice, and the others are answered, late ones when it is back',
    async (_, seconds, kills) => {
      const ledger = join(folder, `ledger-${seconds}`)
      const { url, pids } = await start({
        project: 'ledger',
        config: { wrapper: { ledger, seconds: String(seconds) } },
      })
      const answered: string[] = []
      const failed: string[] = []
      const refused: number[] = []
      let next = 0
      let going = true
      const client = async () => {
        while (going) {
          next += 1
          const id = `request ${next}`
          const { body } = await postAse(url, textRequest(id))
          if (body.header.code === 0) answered.push(id)
          else if (body.header.code === 10109) failed.push(id)
          else refused.push(body.header.code)
        }
      }
      const clients = Promise.all(Array.from({ length: 16 }, client))
      for (let kill = 0; kill < kills; kill += 1) {
        const before = answered.length
        await vi.waitFor(() => expect(answered.length).toBeGreaterThan(before + 50), { timeout: 20_000 })
        const pid = pids().at(-1) as number
        process.kill(pid, 'SIGKILL')
        await vi.waitFor(() => expect(pids().at(-1)).not.toBe(pid), { timeout: 20_000 })
      }
      going = false
      await clients
      expect(refused).toEqual([])
      const begun = readFileSync(ledger, 'utf8').trim().split('\n')
      expect(begun).toHaveLength(new Set(begun).size)
      expect(begun).toEqual(expect.arrayContaining(answered))
      // One at a time, or as many short ones as are announced together, while all 16 were in flight.
      if (seconds > 0) expect(failed.length).toBeLessThanOrEqual(kills)
    },
  )
})

describe('a plugin of a published SDK, which no other may run beside', () => {
  it('is exchanged while requests go on, and none of them fails', async () => {
    const picture = readFileSync(join(ROOT, 'test/conformance/golden/seven.png')).toString('base64')
    const { url, pids } = await start({
      project: 'written-for-0.16',
      python: 'pypi-0.16.0',
      config: { aiges: { recycleRequests: 20 } },
    })
    const request = {
      header: { appid: '1' },
      parameter: { svcName: { p1: '3', md5: { data_type: 'text' } } },
      payload: { data: { encoding: 'png', status: 3, image: picture } },
    }
    const codes = new Set<number>()
    let going = true
    const client = async () => {
      while (going) codes.add((await postAse(url, request)).body.header.code)
    }
    const clients = Promise.all(Array.from({ length: 4 }, client))
    await vi.waitFor(() => expect(pids().length).toBeGreaterThan(2), { timeout: 40_000 })
    going = false
    await clients
    expect([...codes]).toEqual([0])
  })
})

describe('a Python plugin that hangs', () => {
  it('is replaced when a call goes on past its deadline, and its slot comes back', async () => {
    const aiges = { onceTimeoutMs: 500, wrapperDelayDetectPeriod: 1 }
    const { url } = await start({ project: 'faulty', config: { aiges, fc: { max: 1 } } })
    const hung = await postAse(url, textRequest('x', { fault: 'hang' }))
    expect(hung.body.header.code).toBe(10102)
    const answer = async () => (await postAse(url, textRequest('x'))).body.header.code
    await vi.waitFor(async () => expect(await answer()).toBe(0), { timeout: 20_000 })
  })

  it('is replaced when it was stopped', async () => {
    const { url, pids } = await start({
      project: 'ledger',
      config: { wrapper: { ledger: join(folder, 'l'), seconds: '0' } },
    })
    const [pid] = pids()
    process.kill(pid as number, 'SIGSTOP')
    await vi.waitFor(() => expect(pids().at(-1)).not.toBe(pid), { timeout: 25_000 })
    expect((await postAse(url, textRequest('x'))).status).toBe(200)
  })
})
