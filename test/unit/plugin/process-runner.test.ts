import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { expect, it, vi } from 'vitest'
import { startProcess } from '../../../src/plugin/runner/process-runner.js'

vi.mock('node:child_process', async original => {
  const module = await original<typeof import('node:child_process')>()
  return { ...module, spawn: vi.fn(module.spawn) }
})

it('a process for which no file is left was not started, as Node tells: with an error and without pipes', async () => {
  const error = Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' })
  vi.mocked(spawn).mockImplementationOnce(() => {
    const child = new EventEmitter()
    process.nextTick(() => child.emit('error', error))
    return child as ReturnType<typeof spawn>
  })
  const { pid, exited } = startProcess({ file: '/bin/true', args: [], cwd: '/', env: {}, onLine: () => {} })
  expect(pid).toBe(undefined)
  expect(await exited).toEqual({ kind: 'not-started', error })
})
