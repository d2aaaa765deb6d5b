import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postAse, textRequest } from '../helpers/clients.js'
import {
  type DaemonOptions,
  type DaemonProcess,
  pythonOf,
  ROOT,
  startDaemonProcess,
  wrapperFolder,
} from '../helpers/daemon-process.js'

const MAIN = join(ROOT, 'dist/main.js')
const golden = (name: string) => JSON.parse(readFileSync(join(ROOT, 'test/conformance/golden', name), 'utf8'))

/** The folder of a user who has nothing yet. */
let home: string
const cleanups: (() => Promise<unknown>)[] = []

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'aiservice-user-')))
})
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map(cleanup => cleanup()))
  rmSync(home, { recursive: true })
})

/** A command line of the user. */
function aiservice(cwd: string, ...args: string[]) {
  const PATH = [dirname(pythonOf('bundled')), process.env['PATH']].join(delimiter)
  return execa(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH, PYTHONDONTWRITEBYTECODE: '1' },
    stdin: 'ignore',
    reject: false,
  })
}

/** Serves with the configuration of a folder; resolves with the URL and with what ends it. */
async function serveIn(cwd: string, ...args: string[]): Promise<{ http: string; stop: () => Promise<number> }> {
  const daemon = aiservice(cwd, ...args)
  const stop = async () => {
    daemon.kill('SIGTERM')
    return (await daemon).exitCode ?? -1
  }
  cleanups.push(stop)
  const http = new Promise<string>((resolve, reject) => {
    createInterface({ input: daemon.stdout }).on('line', text => {
      const line = JSON.parse(text) as Record<string, unknown>
      if (line['msg'] === 'ready') resolve(String(line['http']))
    })
    void daemon.then(({ stdout, stderr }) => reject(new Error(`the daemon ended:\n${stdout}\n${stderr}`)))
  })
  return { http: await http, stop }
}

function start(options: DaemonOptions): DaemonProcess {
  const daemon = startDaemonProcess(options)
  cleanups.push(daemon.stop)
  return daemon
}

/** Makes the configuration that `-init` wrote listen on free loopback ports. */
function useFreePorts(folder: string): void {
  const file = join(folder, 'aiges.toml')
  const text = readFileSync(file, 'utf8')
  const changed = text
    .replace('host = "0.0.0.0"', 'host = "127.0.0.1"')
    .replace('\nport = 5090', '\nport = 0')
    .replace('\nhttp_listen = ":1888"', '\nhttp_listen = "127.0.0.1:0"')
  expect(changed.match(/^(port = 0|http_listen = "127.0.0.1:0")$/gm)).toHaveLength(2)
  writeFileSync(file, changed)
}

describe('a new user', () => {
  it('makes a project, serves it and calls it', async () => {
    const created = await aiservice(home, 'create', '-n', 'demo')
    expect([created.exitCode, created.stderr]).toEqual([0, ''])
    const demo = join(home, 'demo')
    const written = await aiservice(demo, '-init')
    expect([written.exitCode, written.stdout]).toMatchObject([0, expect.stringContaining(`wrote ${demo}/aiges.toml`)])
    useFreePorts(demo)

    const { http, stop } = await serveIn(demo, '-m', '0')
    const call = ['call', '-u', http, 'img=@wrapper/test_data/test.png']
    const answer = await aiservice(demo, ...call)
    expect([answer.exitCode, answer.stderr]).toEqual([0, ''])
    expect(answer.stdout).toMatch(/^result: \{"type": "png", .*"msg": "a png picture of \d+ x \d+ pixels"\}$/)
    const chinese = await aiservice(demo, ...call, '--param', 'language=zh')
    expect(chinese.stdout).toMatch(/png 图片, \d+ x \d+ 像素/)
    const refused = await aiservice(demo, ...call, '--param', 'language=fr')
    expect([refused.exitCode, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toMatch(/^aiservice: error 10107: .*language.* \(sid [0-9a-f-]{36}\)$/)

    const example = await (await fetch(`${http}/test.json`)).json()
    const { body } = await postAse(`${http}/v1/svcName`, example)
    expect(body.payload?.['result']?.['text']).toContain('a png picture')

    expect(await stop()).toBe(0)
    expect(readFileSync(join(demo, 'log/aiges.log'), 'utf8')).toContain('demo is ready')
    const late = await aiservice(demo, ...call)
    expect([late.exitCode, late.stdout]).toEqual([1, ''])
    expect(late.stderr).toContain(`no daemon runs at ${http}`)
    expect(late.stderr).toContain('start one with: aiservice -m 0 -c aiges.toml -s svcName')
  })

  it.each([
    ['create -n demo', 'demo'],
    ['-mnist', 'aiges_demo/mnist'],
  ])('is told by %s how to install the SDK, which no registry has, before serving', async (command, folder) => {
    const { stdout } = await aiservice(home, ...command.split(' '))
    const steps = / {2}cd (.+)\n {2}python3 -m venv .+\n {2}python -m pip install (.+) -r (.+)\n {2}aiservice -m 0/
    const [, entered, sdk = '', requirements = ''] = steps.exec(stdout) ?? []
    expect(entered).toBe(folder)
    expect(readFileSync(join(sdk.replaceAll("'", ''), 'pyproject.toml'), 'utf8')).toContain('name = "aiges-sdk"')
    expect(existsSync(join(home, folder, requirements))).toBe(true)
  })

  it('may call http and https alone', async () => {
    const { exitCode, stderr } = await aiservice(home, 'call', '-u', 'ftp://127.0.0.1', 'text=hello')
    expect([exitCode, stderr]).toEqual([
      2,
      'aiservice: -u: found "ftp://127.0.0.1", allowed: a URL such as http://127.0.0.1:1888',
    ])
  })

  it("takes the seed's steps to the MNIST example, and the seed request answers 7", async () => {
    const written = await aiservice(home, '-mnist')
    expect([written.exitCode, written.stderr]).toEqual([0, ''])
    await execa('cp', ['-ra', 'aiges_demo/mnist/wrapper/', './'], { cwd: home })
    const { http } = await start({ cwd: home }).ready
    const { body } = await postAse(`${http}/v1/svcName`, golden('seed-request.json'))
    const expected = JSON.parse(golden('seed-response.json').payload.result.text)
    expect(JSON.parse(body.payload?.['result']?.['text'] ?? '')).toEqual(expected)
    const answer = await aiservice(home, 'call', '-u', http, 'img=@wrapper/test_data/3-photo.jpg')
    expect([answer.exitCode, answer.stdout]).toMatchObject([0, expect.stringContaining('"result": 3')])
  })

  it('writes aiges.toml with -init once, and never over an own one', async () => {
    expect((await aiservice(home, '-init')).stdout).toContain(`wrote ${home}/aiges.toml`)
    writeFileSync(join(home, 'aiges.toml'), '# mine\n')
    expect((await aiservice(home, '-init')).stdout).toContain(`${home}/aiges.toml exists and was left as it is`)
    expect(readFileSync(join(home, 'aiges.toml'), 'utf8')).toBe('# mine\n')
  })
})

describe('a mistake in aiges.toml', () => {
  const serveWith = (toml: string, ...args: string[]) => {
    writeFileSync(join(home, 'aiges.toml'), toml)
    return aiservice(home, '-m', '0', '-c', 'aiges.toml', ...args)
  }

  it.each([
    [
      'a value of the wrong type',
      '[svcName]\nport = 0\n\n[fc]\nmax = "many"\n',
      /aiges\.toml:5:\d+: \[fc\] max: found "many"/,
    ],
    ['a broken line', '[svcName]\nport = 0\nhost = "127.0.0.1\n', /aiges\.toml:3:\d+/],
  ])('such as %s ends with 2 and names file and line', async (_what, toml, message) => {
    const { exitCode, stdout, stderr } = await serveWith(toml)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('such as another service than -s names ends with 2 and lists the sections', async () => {
    const { exitCode, stdout, stderr } = await serveWith('[svcName]\nport = 0\n\n[ocr]\nport = 0\n', '-s', 'other')
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain('found no section [other] for -s other')
    expect(stderr).toContain('[svcName], [ocr]')
  })

  it('such as a misspelt key is served, with a warning that names the nearest', async () => {
    const daemon = start({ cwd: wrapperFolder('minimal'), config: { fc: { queueWaitMs_: 5 } } })
    await daemon.ready
    const { msg } = await daemon.line(({ level, msg }) => level === 'warn' && msg.includes('queueWaitMs_'))
    expect(msg).toMatch(/\[fc\] queueWaitMs_: unknown key, ignored; did you mean queueWaitMs\?$/)
  })
})

/** A zombie counts as gone: whether it is ever reaped is the business of the system's first process. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ESRCH', 'ENOENT'].includes(code)) throw error
    return false
  }
}

async function pluginOf(daemon: DaemonProcess): Promise<number> {
  const { pid } = await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
  expect(isAlive(Number(pid))).toBe(true)
  return Number(pid)
}

const goneWithinTwoSeconds = (pid: number) =>
  expect.poll(() => isAlive(pid), { timeout: 2000, interval: 20 }).toBe(false)

describe('a daemon that ends takes its plugin along', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('when it is told to by %s', async signal => {
    const daemon = start({ cwd: wrapperFolder('minimal') })
    await daemon.ready
    const plugin = await pluginOf(daemon)
    daemon.child.kill(signal)
    expect(await daemon.exited).toBe(0)
    expect(isAlive(plugin)).toBe(false)
  })

  it('when an exception that nobody caught ends it', async () => {
    // The daemon has no such fault to offer, so a module that is loaded beforehand brings one.
    const fault = "process.on('SIGUSR2', () => { throw new Error('injected fault') })"
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` }
    const daemon = start({ cwd: wrapperFolder('minimal'), env })
    await daemon.ready
    const plugin = await pluginOf(daemon)
    daemon.child.kill('SIGUSR2')
    expect(await daemon.exited).toBe(1)
    expect(daemon.output()).toContain('injected fault')
    await goneWithinTwoSeconds(plugin)
  })

  it('when kill -9 ends it', async () => {
    const daemon = start({ cwd: wrapperFolder('minimal') })
    await daemon.ready
    const plugin = await pluginOf(daemon)
    daemon.child.kill('SIGKILL')
    expect(await daemon.exited).toBe('SIGKILL')
    await goneWithinTwoSeconds(plugin)
  })

  it('when kill -9 ends it while the wrapper works on a request', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty') })
    const { http } = await daemon.ready
    const plugin = await pluginOf(daemon)
    const unanswered = postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'hang' })).catch(() => 'unanswered')
    await expect
      .poll(async () => await (await fetch(`${http}/metrics`)).text(), { timeout: 5000, interval: 20 })
      .toMatch(/aiservice_slots_in_use\{[^}]*\} 1/)
    daemon.child.kill('SIGKILL')
    expect(await unanswered).toBe('unanswered')
    await goneWithinTwoSeconds(plugin)
  })

  it.each([
    ['its import', 'import time\nprint("here")\ntime.sleep(600)\n'],
    [
      'wrapperInit',
      `import time
from aiges.sdk import WrapperBase

class Wrapper(WrapperBase):
    def wrapperInit(self, config):
        print("here")
        time.sleep(600)
`,
    ],
  ])('when kill -9 ends it while the wrapper hangs in %s', async (_where, wrapper) => {
    writeFileSync(join(home, 'wrapper.py'), wrapper)
    const daemon = start({ cwd: home })
    const plugin = await pluginOf(daemon)
    await daemon.line(({ msg }) => msg.includes('here'))
    daemon.child.kill('SIGKILL')
    expect(await daemon.exited).toBe('SIGKILL')
    await goneWithinTwoSeconds(plugin)
  })
})
