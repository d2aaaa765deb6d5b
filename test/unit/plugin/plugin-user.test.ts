import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareLaunch } from '../../../src/plugin/launch.js'
import { findPluginUser } from '../../../src/plugin/plugin-user.js'
import { ReplicaSet } from '../../../src/plugin/replica-set.js'
import { startProcess } from '../../../src/plugin/runner/process-runner.js'
import { createSocketFolder } from '../../../src/plugin/socket-folder.js'
import { faultLaunch } from '../../helpers/fault-launch.js'

const isRoot = process.getuid?.() === 0

describe('a user is found', () => {
  it('with all its groups, as the system has them', () => {
    const memberships = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .map(line => line.split(':'))
    const [, , gid, members = ''] = memberships.find(([, , , members]) => members) ?? []
    const [name] = members.split(',')
    // A system on which nobody has a second group has nothing to find.
    if (name) expect(findPluginUser(name, 0).groups).toContain(Number(gid))
  })

  it('by name, by uid, and by uid and gid', () => {
    const root = { uid: 0, gid: 0, groups: [0], home: '/root', name: 'root' }
    expect(findPluginUser('root', 0)).toEqual(root)
    expect(findPluginUser('0', 0)).toEqual(root)
    expect(findPluginUser('4242:4243', 0)).toEqual({ uid: 4242, gid: 4243, groups: [], home: '/', name: '4242' })
  })

  it.each([
    ['nobody-of-that-name', 0, /^\[aiges\] runAs: "nobody-of-that-name": there is no such user$/],
    ['--help', 0, /there is no such user/],
    ['4242:4243', 1000, /only root can run plugins as somebody else/],
  ])('%s: or it is said why not', (text, own, message) => {
    expect(() => findPluginUser(text, own)).toThrow(message)
  })

  it('that the daemon is already, whoever that is', () => {
    expect(findPluginUser('1000:1000', 1000).uid).toBe(1000)
  })
})

describe.runIf(isRoot)('plugins that run as another user', () => {
  const user = { uid: 65534, gid: 65534, groups: [], home: '/nonexistent', name: 'nobody' }

  /** What a shell says that is started as plugins are. */
  async function said(command: string, { groups }: { readonly groups: readonly number[] }): Promise<readonly string[]> {
    const launch = await prepareLaunch({
      ...{ command, cwd: '/', env: { PATH: process.env['PATH'], HOME: '/root' } },
      ...{ socketFolder: undefined, probeTimeoutMs: 1000, user },
    })
    const lines: string[] = []
    const { file, args } = launch.command
    const started = startProcess({
      ...{ file, args, cwd: launch.cwd, env: launch.env, user: { ...user, groups } },
      onLine: (_stream, line) => void lines.push(line),
    })
    await started.exited
    return lines
  }

  it('have its rights and its home, and no group of the daemon', async () => {
    const lines = await said('id -u; id -g; id -G; echo $HOME $USER', user)
    expect(lines).toEqual(['65534', '65534', '65534', '/nonexistent nobody'])
  })

  it('have its further groups, which open accelerators and models to them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aiservice-groups-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    chmodSync(folder, 0o711)
    writeFileSync(join(folder, 'device'), 'an accelerator\n', { mode: 0o640 })
    chownSync(join(folder, 'device'), 0, 4244)
    const command = `id -G; cat ${folder}/device`
    expect(await said(command, { groups: [65534, 4243, 4244] })).toEqual(['65534 4243 4244', 'an accelerator'])
    expect((await said(command, { groups: [65534, 4243] })).join()).toContain('Permission denied')
  })

  it('can become nobody else again', async () => {
    const lines = await said('setpriv --reuid=0 id -u; setpriv --groups=0 id -G', user)
    expect(lines.filter(line => /^\d/.test(line))).toEqual([])
  })

  it('can make their sockets in the folder, which nobody else can enter, and serve', async () => {
    const sockets = createSocketFolder(undefined, user)
    const folder = sockets.path ?? ''
    expect(statSync(folder)).toMatchObject({ uid: user.uid, gid: user.gid })
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const set = new ReplicaSet({
      launch: { ...faultLaunch('well-behaved', { socketFolder: folder }), user },
      ...{ model: 'fault', version: '1', wrapperConfig: {}, replicas: 1, concurrency: 1 },
      ...{ startTimeoutMs: 20_000, termGraceMs: 300, log: pino({ level: 'silent' }) },
    })
    onTestFinished(async () => {
      await set.stop(100)
      sockets.remove()
    })
    await set.start()
    expect(set.readiness).toEqual({ ready: true })
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'uid,args'])
    expect(stdout).toMatch(/^ *65534 .*fault-plugin\.mjs well-behaved/m)
  })
})
