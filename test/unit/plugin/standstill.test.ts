import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { statOf } from '../../../src/plugin/runner/process-stat.js'
import { followStandstill, type Standstill } from '../../../src/plugin/standstill.js'
import { pythonOf } from '../../helpers/daemon-process.js'

const running: number[] = []
afterEach(() => {
  for (const pid of running.splice(0)) if (statOf(pid)) process.kill(pid, 'SIGKILL')
})

function start(file: string, ...args: string[]): { child: ChildProcess; pid: number } {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const pid = child.pid as number
  running.push(pid)
  return { child, pid }
}

/** An interpreter may have to start first. */
const untilState = (pid: number, state: string) => vi.waitFor(() => expect(statOf(pid)?.state).toBe(state), 10_000)

async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await untilState(pid, 'T')
}

function look(standstill: Standstill, times: number): Pick<Standstill, 'why' | 'looks'> {
  for (let time = 0; time < times; time += 1) standstill.look()
  const { why, looks } = standstill
  return { why, looks }
}

describe.runIf(process.platform === 'linux')('what is said of a process', () => {
  it('is that it is stopped, from the second look on until it goes on', async () => {
    const { pid } = start('sleep', '60')
    const standstill = followStandstill(pid)
    expect(look(standstill, 3)).toEqual({ why: undefined, looks: 0 })
    await stop(pid)
    expect(look(standstill, 1)).toEqual({ why: undefined, looks: 0 })
    expect(look(standstill, 3)).toEqual({ why: `process ${pid} is stopped`, looks: 3 })
    process.kill(pid, 'SIGCONT')
    await untilState(pid, 'S')
    expect(look(standstill, 1)).toEqual({ why: undefined, looks: 0 })
  })

  it('is nothing when it has run between two looks that both find it stopped', async () => {
    const { pid } = start('/bin/sh', '-c', 'while :; do :; done')
    await stop(pid)
    const standstill = followStandstill(pid)
    const before = statOf(pid)?.ranTicks ?? 0
    process.kill(pid, 'SIGCONT')
    await vi.waitFor(() => expect(statOf(pid)?.ranTicks).toBeGreaterThan(before), 10_000)
    await stop(pid)
    expect(look(standstill, 1)).toEqual({ why: undefined, looks: 0 })
  })

  it('is that it has ended', async () => {
    const { child, pid } = start('sleep', '60')
    const standstill = followStandstill(pid)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(look(standstill, 2)).toEqual({ why: `process ${pid} has ended`, looks: 1 })
  })

  it('is nothing when its first thread has ended and others go on', async () => {
    const { pid } = start(
      pythonOf('bundled'),
      '-c',
      'import ctypes, threading, time; threading.Thread(target=time.sleep, args=[60]).start(); ctypes.CDLL(None).pthread_exit(None)',
    )
    const standstill = followStandstill(pid)
    await untilState(pid, 'Z')
    expect(look(standstill, 3)).toEqual({ why: undefined, looks: 0 })
  })

  it('is nothing when a debugger has stopped it', async () => {
    // The child lets its parent trace it.
    const script = `import ctypes, os, signal, sys
child = os.fork()
if not child:
    ctypes.CDLL(None).ptrace(0, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
print(child, flush=True)
signal.pause()`
    const { child } = start(pythonOf('bundled'), '-c', script)
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    const pid = Number(line.toString())
    running.push(pid)
    await untilState(pid, 't')
    expect(look(followStandstill(pid), 3)).toEqual({ why: undefined, looks: 0 })
  })

  it('is nothing where it is not shown', () => {
    expect(look(followStandstill(undefined), 3)).toEqual({ why: undefined, looks: 0 })
    expect(look(followStandstill(2 ** 30), 3)).toEqual({ why: undefined, looks: 0 })
  })
})
