import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Certificate, makeCertificate, writeCertificate } from '../helpers/certificates.js'
import { type DaemonProcess, ROOT, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import { SCENARIO_WRAPPER, startServing } from '../helpers/scenario-daemon.js'
import { connectWebSocket, textOf } from '../helpers/web-socket-client.js'

const TOKEN = 'the-token-of-demo'
const LATER = 'a-token-that-comes-later'
const SECRET = 'a-secret-of-the-daemon-itself'
/** Some thirty are open while the daemon serves nobody. */
const MOST_FILES = 120

let folder: string
let authority: Certificate
let daemon: DaemonProcess
let http: string

const configuration = (token: string) => {
  return `[svcName]
host = "127.0.0.1"
port = 0
[wrapper]
http_listen = "127.0.0.1:0"
[aiges]
passEnv = ["MODEL_*"]
[log]
level = "debug"
file = "${folder}/aiges.log"
[tls]
cert = "server.pem"
key = "server.key"
[auth]
enabled = true
[auth.apps.demo]
tokens = ["${token}"]
`
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aiservice-security-'))
  authority = await makeCertificate({ name: 'authority' })
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  writeCertificate(folder, await makeCertificate({ authority }))
  writeFileSync(join(folder, 'aiges.toml'), configuration(TOKEN))
  daemon = startDaemonProcess({
    cwd: wrapperFolder('minimal'),
    configFile: join(folder, 'aiges.toml'),
    env: { DATABASE_PASSWORD: SECRET, MODEL_DIR: '/models', CUDA_VISIBLE_DEVICES: '0' },
  })
  ;({ http } = await daemon.ready)
})

afterAll(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

/** Runs `aiservice call`. */
function call(options: readonly string[], env: Record<string, string> = {}) {
  const args = [join(ROOT, 'dist/main.js'), 'call', 'text=hi', '-u', http, ...options]
  const trusted = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }
  return new Promise<{ code: number; output: string }>(resolve => {
    execFile(
      process.execPath,
      args,
      { env: { PATH: process.env['PATH'] ?? '', ...trusted, ...env } },
      (error, out, err) => {
        resolve({ code: Number(error?.code ?? 0), output: out + err })
      },
    )
  })
}

describe('a daemon with certificate and apps', () => {
  it('answers a call that brings the token, in the command line or the environment', async () => {
    expect(http).toMatch(/^https:/)
    expect(await call(['--app', 'demo', '--token', TOKEN])).toMatchObject({ code: 0 })
    expect(await call(['--app', 'demo'], { AISERVICE_TOKEN: TOKEN })).toMatchObject({ code: 0 })
  })

  it('refuses one without, or of another app, and is not talked to where it is not trusted', async () => {
    expect((await call(['--app', 'demo'])).output).toContain('error 10313')
    expect((await call(['--token', TOKEN])).output).toContain('error 10313: header.app_id: is missing')
    const untrusted = await call(['--app', 'demo', '--token', TOKEN], { NODE_EXTRA_CA_CERTS: '' })
    expect(untrusted.code).toBe(1)
    expect(untrusted.output).toMatch(/certificate/)
  })

  it('keeps its secrets from the plugin, and says so', async () => {
    const started = await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
    const environment = readFileSync(`/proc/${started['pid']}/environ`, 'latin1').split('\0')
    expect(environment.join()).not.toContain(SECRET)
    expect(environment).toContain('MODEL_DIR=/models')
    expect(environment).toContain('CUDA_VISIBLE_DEVICES=0')
    const said = await daemon.line(({ msg }) => msg.includes('are kept from the plugins of svcName'))
    expect(said.level).toBe('info')
    const listed = await daemon.line(line => 'withheld' in line)
    expect(listed['withheld']).toContain('DATABASE_PASSWORD')
  })

  it('takes another token once it has read its configuration again, and the old one no more', async () => {
    writeFileSync(join(folder, 'aiges.toml'), configuration(LATER))
    daemon.child.kill('SIGHUP')
    await daemon.line(({ msg }) => msg === 'the configuration was read again')
    expect(await call(['--app', 'demo', '--token', LATER])).toMatchObject({ code: 0 })
    expect((await call(['--app', 'demo', '--token', TOKEN])).output).toContain('error 10313')
  })

  it('has written none of this into its log', () => {
    for (const secret of [TOKEN, LATER, SECRET]) expect(daemon.output()).not.toContain(secret)
  })
})

it('a certificate that has expired stops the start, with the name of its file', async () => {
  const own = mkdtempSync(join(tmpdir(), 'aiservice-security-'))
  const day = 86_400_000
  const past = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) }
  const paths = writeCertificate(own, await makeCertificate(past))
  const late = startDaemonProcess({
    cwd: wrapperFolder('minimal'),
    config: { tls: { cert: paths.cert, key: paths.key } },
  })
  expect(await late.exited).toBe(1)
  expect(late.output()).toContain(`[tls] cert: ${paths.cert}: a certificate in it expired on`)
  rmSync(own, { recursive: true })
})

describe('clients that hold every file that the daemon may open', () => {
  /** Starts a daemon, does something with it, and then leaves it no file. */
  async function crowded<Result>(first: (url: string) => Promise<Result>) {
    const under = ['/bin/sh', '-c', `ulimit -n ${MOST_FILES}; exec "$@"`, 'sh']
    const { process: limited, http: url } = await startServing({ cwd: SCENARIO_WRAPPER, under })
    onTestFinished(async () => void (await limited.stop()))
    const before = await first(url)
    const port = Number(new URL(url).port)
    const holders = Array.from({ length: 2 * MOST_FILES }, () => connect(port, '127.0.0.1').on('error', () => {}))
    const openFiles = () => readdirSync(`/proc/${limited.child.pid}/fd`).length
    await expect.poll(openFiles, { timeout: 10_000 }).toBeGreaterThanOrEqual(MOST_FILES)
    const leave = async () => {
      for (const holder of holders) holder.destroy()
      await expect.poll(() => fetch(`${url}/readyz`).then(({ ok }) => ok), { timeout: 20_000 }).toBe(true)
      expect(await limited.stop()).toBe(0)
    }
    return { limited, before, leave }
  }

  it('take it from nobody else for good', async () => {
    const { before: client, leave } = await crowded(connectWebSocket)
    // The wrapper works on it for two seconds, in which the daemon looks at its plugin several times.
    client.socket.send(
      JSON.stringify({
        header: { status: 0 },
        parameter: { svcName: { fault: 'deaf' } },
        payload: { txt: { encoding: 'utf8', status: 0, text: Buffer.from('hi').toString('base64') } },
      }),
    )
    expect((await client.next()).header).toMatchObject({ code: 0, status: 0 })
    expect(textOf(await client.next())).toBe('HI')
    client.socket.terminate()
    await leave()
  })

  it('do not end it when its plugin has to be started again meanwhile', async () => {
    const { limited, leave } = await crowded(async () => {})
    const { pid } = await limited.line(({ msg }) => msg.startsWith('starting the plugin'))
    process.kill(Number(pid), 'SIGKILL')
    // What the plugin itself had open may be enough for the next one.
    const tried = () => limited.log.filter(({ msg }) => /EMFILE|^plugin is ready/.test(msg)).length
    await expect.poll(tried, { timeout: 10_000 }).toBeGreaterThan(1)
    await leave()
  })
})
