import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type DaemonProcess, pythonOf, ROOT, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import { childrenOf, environmentOf, processesWith, stateOf } from '../helpers/marked-processes.js'
import { nativeEngine } from '../helpers/native-engine.js'

const daemons: DaemonProcess[] = []

afterEach(async () => {
  await Promise.all(daemons.splice(0).map(daemon => daemon.stop()))
})

interface Family {
  readonly daemon: DaemonProcess
  readonly mark: string
  readonly sockets: string
  /** The daemon's child that watches over its end. */
  readonly guard: () => number
}

const PLUGIN = `${pythonOf('bundled')} -m aiges.serve`
const SDK = join(ROOT, 'plugins/python')

async function start(
  plugin: string | { readonly wrapperLib: string },
  processes: number,
  temporary = tmpdir(),
): Promise<Family> {
  const aiges = typeof plugin === 'string' ? { pluginCmd: plugin } : plugin
  const config = { aiges: { ...aiges, drainTimeoutMs: 0 } }
  const env = { PYTHONPATH: SDK, TMPDIR: temporary }
  const daemon = startDaemonProcess({ cwd: wrapperFolder('minimal'), config, env })
  daemons.push(daemon)
  await daemon.ready
  const { pid } = await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
  const id = environmentOf(Number(pid), 'AIGES_DAEMON_ID')
  const sockets = environmentOf(Number(pid), 'PLUGIN_UNIX_SOCKET_DIR')
  const mark = `AIGES_DAEMON_ID=${id}`
  await vi.waitFor(() => expect(processesWith(mark).length).toBeGreaterThanOrEqual(processes), { timeout: 10_000 })
  const guard = () => {
    const [found] = childrenOf(daemon.child.pid as number).filter(child => !environmentOf(child, 'BASIC_PLUGIN'))
    if (found === undefined) throw new Error('the daemon has no guard')
    return found
  }
  return { daemon, mark, sockets: sockets as string, guard }
}

/** A temporary folder that no other daemon of this machine looks into. */
function ownTemporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orphans-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function expectNothingLeft({ mark, sockets }: Family): Promise<void> {
  await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), { timeout: 2000, interval: 20 })
  await vi.waitFor(() => expect(existsSync(sockets)).toBe(false), { timeout: 2000, interval: 20 })
}

/** Processes that do not end with their parent, nor with its process group, nor when asked. */
const STRAYS = [
  "setsid sh -c 'sleep 600 & setsid sleep 600 & wait' &",
  "setsid sh -c 'kill -STOP $$' &",
  'setsid sh -c \'trap "" TERM HUP; while :; do sleep 600 & sleep 0.01; done\' &',
  ...(process.getuid?.() === 0 ? ['setsid setpriv --reuid 65534 sleep 600 &'] : []),
].join(' ')
const MOST_STRAYS = 12

describe.skipIf(process.platform !== 'linux')('a daemon that is killed', () => {
  it.each([
    ['the plugin', PLUGIN, 1],
    ['a shell that waits for the plugin, and the plugin', `${PLUGIN}; true`, 2],
    [
      'descendants in sessions of their own, stopped, of another user, and forking all the time',
      STRAYS + PLUGIN,
      MOST_STRAYS,
    ],
  ])('leaves nothing of %s', async (_, pluginCmd, processes) => {
    const family = await start(pluginCmd, processes)
    family.daemon.child.kill('SIGKILL')
    await expectNothingLeft(family)
  })

  it('leaves nothing of a native wrapper', async () => {
    const family = await start({ wrapperLib: nativeEngine() }, 1)
    family.daemon.child.kill('SIGKILL')
    await expectNothingLeft(family)
  })

  it('leaves nothing when its guard was killed before', async () => {
    const family = await start(STRAYS + PLUGIN, MOST_STRAYS)
    const guard = family.guard()
    process.kill(guard, 'SIGKILL')
    await vi.waitFor(() => expect(family.guard()).not.toBe(guard), { timeout: 5000 })
    family.daemon.child.kill('SIGKILL')
    await expectNothingLeft(family)
  })

  it('leaves nothing either when it is killed in the moment in which its next guard begins', async () => {
    const family = await start(PLUGIN, 1)
    const guard = family.guard()
    process.kill(guard, 'SIGKILL')
    const daemon = family.daemon.child.pid as number
    const limit = performance.now() + 5000
    // Without a pause, for what is tried here lasts a millisecond.
    while (!childrenOf(daemon).some(pid => pid !== guard && !environmentOf(pid, 'BASIC_PLUGIN'))) {
      if (performance.now() > limit) throw new Error('the daemon has started no other guard')
    }
    family.daemon.child.kill('SIGKILL')
    await expectNothingLeft(family)
  })

  it('leaves no folder when it is killed in the moment in which that appears', async () => {
    const temporary = ownTemporary()
    const isSockets = (name: string | null) => name?.startsWith('aiservice-') === true
    const watcher = watch(temporary, (_, name) => void (isSockets(name) && daemon.child.kill('SIGKILL')))
    const daemon = startDaemonProcess({ cwd: wrapperFolder('minimal'), env: { TMPDIR: temporary } })
    expect(await daemon.exited).toBe('SIGKILL')
    watcher.close()
    const left = () => readdirSync(temporary).filter(isSockets)
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 2000, interval: 20 })
  })

  it('takes the plugin itself with it when it is killed together with its guard, and its folder goes with the next one', async () => {
    const temporary = ownTemporary()
    const family = await start(PLUGIN, 1, temporary)
    process.kill(family.guard(), 'SIGSTOP')
    const guard = family.guard()
    family.daemon.child.kill('SIGKILL')
    process.kill(guard, 'SIGKILL')
    await vi.waitFor(() => expect(processesWith(family.mark)).toEqual([]), { timeout: 2000 })
    expect(existsSync(family.sockets)).toBe(true)
    await start(PLUGIN, 1, temporary)
    await vi.waitFor(() => expect(existsSync(family.sockets)).toBe(false), { timeout: 2000 })
  })
})

describe.skipIf(process.platform !== 'linux')('a daemon that is stopped', () => {
  it('has ended what left the group of its plugin', async () => {
    const family = await start(STRAYS + PLUGIN, MOST_STRAYS)
    expect(await family.daemon.stop()).toBe(0)
    expect(processesWith(family.mark)).toEqual([])
    await expectNothingLeft(family)
  })
})

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

describe.skipIf(!canUse(...NAMESPACE))('a daemon in a container', () => {
  it.skipIf(!canUse('tini', '--'))('leaves no zombies of what its plugins started, under an init process', async () => {
    const { daemon, init } = await startInContainer('tini', '-s', '--')
    process.kill(childrenOf(init)[0] as number, 'SIGTERM')
    expect(await daemon.exited).toBe(0)
  })

  it('leaves none either when it is process 1 itself, and ends in order', async () => {
    const { daemon, init } = await startInContainer()
    process.kill(init, 'SIGTERM')
    expect(await daemon.exited).toBe(0)
    expect(daemon.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
  })

  /** A daemon whose plugin has left children behind that ended, none of which is a zombie any more. */
  async function startInContainer(...under: string[]) {
    const script = 'for i in 1 2 3 4 5 6 7 8; do setsid sh -c "sleep 0.1 & exit" & done; '
    const daemon = startDaemonProcess({
      cwd: wrapperFolder('minimal'),
      config: { aiges: { pluginCmd: script + PLUGIN } },
      env: { PYTHONPATH: SDK },
      under: [...NAMESPACE, ...under],
    })
    // unshare hands no signal on, and takes all with it when it is killed.
    onTestFinished(() => void daemon.child.kill('SIGKILL'))
    await daemon.ready
    const init = childrenOf(daemon.child.pid as number)[0] as number
    await vi.waitFor(() => expect(familyOf(init).filter(pid => stateOf(pid) === 'Z')).toEqual([]), { timeout: 5000 })
    return { daemon, init }
  }
})

/** Whether a program that runs another one may do so here; says so when not. */
function canUse(...words: readonly string[]): boolean {
  const [program = '', ...args] = words
  const { status, stderr, error } = spawnSync(program, [...args, 'true'], { encoding: 'utf8' })
  if (status !== 0) console.log(`left out, for want of ${words.join(' ')}: ${stderr || error}`)
  return status === 0
}

function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)]
}
