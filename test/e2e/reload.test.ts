import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { postAse, textRequest } from '../helpers/clients.js'
import {
  type DaemonOptions,
  type DaemonProcess,
  pythonOf,
  ROOT,
  startDaemonProcess,
  wrapperFolder,
} from '../helpers/daemon-process.js'
import { named, namedModels } from '../helpers/named-models.js'
import { connectWebSocket, textOf, untilFree } from '../helpers/web-socket-client.js'

const TOKEN = '0123456789abcdef'
const ADMIN = `[admin]\nenabled = true\ntoken = "${TOKEN}"\n`
const READ_AGAIN = 'the configuration was read again'

/** A daemon that a test starts for itself. */
async function start(options: DaemonOptions) {
  const daemon = startDaemonProcess(options)
  onTestFinished(async () => void (await daemon.stop()))
  return { daemon, ...(await daemon.ready) }
}

/** Text and HTTP status of one request to a model. */
async function ask(http: string, model: string): Promise<readonly [number, string | undefined]> {
  const { status, body } = await postAse(`${http}/v1/${model}`, { ...textRequest('hello'), parameter: {} })
  return [status, body.payload?.['result']?.['text']]
}

async function change(http: string, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  return (await fetch(`${http}/admin/models/${path}`, { method: 'POST', headers })).status
}

/** Sends requests one after the other over each of eight connections while `work` goes on; gives the answers. */
async function underLoad(http: string, model: string, work: () => Promise<void>): Promise<Map<string, number>> {
  const answers = new Map<string, number>()
  let going = true
  const client = async () => {
    while (going) {
      const answer = (await ask(http, model)).join(' ')
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: 8 }, client)
  await work()
  going = false
  await Promise.all(clients)
  return answers
}

describe('a daemon whose configuration changes while it serves', () => {
  const models = namedModels()
  let daemon: DaemonProcess
  let http: string

  beforeAll(async () => {
    models.write(`[fc]\nmax = 64\n${ADMIN}${named('m', 'one')}`)
    daemon = startDaemonProcess({ cwd: tmpdir(), configFile: models.configFile })
    ;({ http } = await daemon.ready)
  })
  afterAll(async () => {
    await daemon.stop()
    models.remove()
  })

  /** Has the file read again; resolves with what the log says from then on, when that is done. */
  const hangUp = async (done = READ_AGAIN) => {
    const before = daemon.log.length
    daemon.child.kill('SIGHUP')
    await daemon.line(line => daemon.log.indexOf(line) >= before && line.msg.includes(done))
    return daemon.log.slice(before)
  }

  it('exchanges the plugins without a failed request', async () => {
    const answers = await underLoad(http, 'm', async () => {
      for (const name of ['two', 'three']) {
        models.write(`[fc]\nmax = 64\n${ADMIN}${named('m', name)}`)
        await hangUp()
      }
      expect(await change(http, 'm/reload')).toBe(200)
    })
    expect([...answers.keys()].sort()).toEqual(['200 one', '200 three', '200 two'])
    expect(await ask(http, 'm')).toEqual([200, 'three'])
  })

  it('goes on as it was when the file is wrong', async () => {
    models.write('[fc]\nmax = 0\n')
    await hangUp('[fc] max: found 0')
    expect(await ask(http, 'm')).toEqual([200, 'three'])
  })

  it('keeps the plugins of a model whose new ones do not start, and serves what else changed', async () => {
    models.write(ADMIN + named('m', 'broken') + named('n', 'new'))
    const lines = await hangUp()
    expect(
      lines.find(({ level, msg }) => level === 'error' && msg.includes('its plugins stay as they were')),
    ).toBeDefined()
    expect(await Promise.all([ask(http, 'm'), ask(http, 'n')])).toEqual([
      [200, 'three'],
      [200, 'new'],
    ])
  })

  it('no longer serves what the file no longer has', async () => {
    models.write(`${ADMIN}[protocols]\nxsf = false\n${named('n', 'new')}`)
    const lines = await hangUp()
    expect(lines.map(({ msg }) => msg)).toContain('[protocols]: the change counts from the next start on')
    expect((await ask(http, 'm'))[0]).toBe(404)
    expect(await ask(http, 'n')).toEqual([200, 'new'])
  })

  it('unloads and loads a model over the admin API', async () => {
    expect(await change(http, 'n/unload')).toBe(200)
    expect((await ask(http, 'n'))[0]).toBe(503)
    expect((await fetch(`${http}/readyz`)).status).toBe(503)
    expect(await change(http, 'n/load')).toBe(200)
    expect(await ask(http, 'n')).toEqual([200, 'new'])
    expect(daemon.output()).not.toContain(TOKEN)
  })
})

it('an open session goes on with its plugin over a reload', async () => {
  const config = { admin: { enabled: true, token: TOKEN } }
  const { http } = await start({ cwd: wrapperFolder('streaming'), config })
  const client = await connectWebSocket(http)
  client.send('aaa', 0)
  await client.next()
  expect(textOf(await client.next())).toBe('AAA')
  expect(await change(http, 'svcName/reload')).toBe(200)
  client.send('bbb', 1)
  expect(textOf(await client.next())).toBe('BBB')
  client.socket.terminate()
  await untilFree(http)
})

it('a file is read again when it changes, where that is wanted', async () => {
  const models = namedModels()
  onTestFinished(models.remove)
  const watching = '[aiges]\nreloadOnChange = true\n'
  models.write(watching + named('m', 'one'))
  const { daemon, http } = await start({ cwd: tmpdir(), configFile: models.configFile })
  models.write(watching + named('m', 'two'))
  await daemon.line(({ msg }) => msg === READ_AGAIN)
  expect(await ask(http, 'm')).toEqual([200, 'two'])
})

it('and so it is when it has changed while the daemon was starting', async () => {
  const models = namedModels()
  onTestFinished(models.remove)
  const watching = '[aiges]\nreloadOnChange = true\n'
  models.write(watching + named('m', 'one'))
  const daemon = startDaemonProcess({ cwd: tmpdir(), configFile: models.configFile, env: { KEPT_FROM_PLUGINS: '1' } })
  onTestFinished(async () => void (await daemon.stop()))
  // The first that it says, before it listens.
  await daemon.line(({ msg }) => msg.includes('are kept from the plugins'))
  models.write(watching + named('m', 'two'))
  const { http } = await daemon.ready
  await daemon.line(({ msg }) => msg === READ_AGAIN)
  expect(await ask(http, 'm')).toEqual([200, 'two'])
})

it('plugins of the published SDK, which share one port, are exchanged one after the other', async () => {
  const models = namedModels()
  onTestFinished(models.remove)
  const dir = JSON.stringify(wrapperFolder('written-for-0.16'))
  models.write(`${ADMIN}[models.old]\ndir = ${dir}\ncommand = "${pythonOf('pypi-0.16.0')} -m aiges.serve"\n`)
  const { http } = await start({ cwd: tmpdir(), configFile: models.configFile })
  expect(await change(http, 'old/reload')).toBe(200)
  expect((await fetch(`${http}/readyz`)).status).toBe(200)
})

/** Runs a daemon in a terminal of its own, closes that once it serves, and prints how it ended. */
const IN_A_TERMINAL = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"plugin is ready" not in seen:
    seen += os.read(terminal, 65536)
os.close(terminal)
status = os.waitpid(child, 0)[1]
print(os.WTERMSIG(status))
`

it('a daemon ends when its terminal is closed', async () => {
  const models = namedModels()
  onTestFinished(models.remove)
  models.write(named('m', 'one'))
  const main = join(ROOT, 'dist/main.js')
  const command = [process.execPath, main, '-m', '0', '-c', models.configFile]
  const path = [dirname(pythonOf('bundled')), process.env['PATH']].join(delimiter)
  const options = { cwd: models.folder, env: { ...process.env, PATH: path } }
  const { stdout } = await promisify(execFile)(pythonOf('bundled'), ['-c', IN_A_TERMINAL, ...command], options)
  expect(Number(stdout)).toBe(constants.signals.SIGHUP)
  expect(readFileSync(join(models.folder, 'aiges.log'), 'utf8')).toContain('"msg":"stopped"')
})
