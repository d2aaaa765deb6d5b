import { pino } from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import { takeSignals } from '../../../src/daemon/signals.js'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
const before = SIGNALS.map(signal => process.listeners(signal))

afterEach(() => {
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.includes(listener)) process.off(signal, listener)
    }
  }
})

it('asks for a reload at every SIGHUP', () => {
  const reload = vi.fn()
  takeSignals(pino({ enabled: false })).onReload(reload)
  expect(reload).toHaveBeenCalledTimes(0)
  process.emit('SIGHUP')
  process.emit('SIGHUP')
  expect(reload).toHaveBeenCalledTimes(2)
})

it('asks for a reload, too, when SIGHUP came before there was whom to ask', async () => {
  const reload = vi.fn()
  const signals = takeSignals(pino({ enabled: false }))
  process.emit('SIGHUP')
  signals.onReload(reload)
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce())
})

it('lets as many plugins listen for the end as there are, without a warning', async () => {
  const warn = vi.fn()
  process.on('warning', warn)
  const { stop } = takeSignals(pino({ enabled: false }))
  for (let plugin = 0; plugin < 40; plugin += 1) stop.addEventListener('abort', () => {})
  await new Promise(setImmediate)
  process.off('warning', warn)
  expect(warn).not.toHaveBeenCalled()
})
