import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type LineStream, LogSink } from '../../../src/telemetry/log-sink.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A stream whose fate the test decides. */
class FakeStream extends EventEmitter implements LineStream {
  readonly lines: string[] = []
  destroyed = false
  write(line: string) {
    this.lines.push(line)
  }
  end() {
    this.emit('close')
  }
  destroy() {
    this.destroyed = true
  }
}

function setUp(open: () => Promise<LineStream>) {
  const failures: Error[] = []
  const recoveries: number[] = []
  const sink = new LogSink({
    open,
    onFailure: error => failures.push(error),
    onRecovery: lost => recoveries.push(lost),
    retryDelayMs: 1000,
  })
  return { sink, failures, recoveries }
}

test('reopens a stream that failed, and counts what was lost as long as nothing was written again', async () => {
  const streams: FakeStream[] = []
  const { sink, failures, recoveries } = setUp(async () => {
    const stream = new FakeStream()
    streams.push(stream)
    return stream
  })
  await sink.start()
  sink.write('written')
  streams[0]?.emit('drain')
  sink.write('in the buffer')
  streams[0]?.emit('error', new Error('ENOSPC'))
  sink.write('while there is none')
  expect(streams[0]?.destroyed).toBe(true)
  expect(sink.lostLines).toBe(2)

  await vi.advanceTimersByTimeAsync(1000)
  sink.write('to the second')
  streams[1]?.emit('error', new Error('ENOSPC'))
  await vi.advanceTimersByTimeAsync(1999)
  expect(streams).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  sink.write('to the third')
  expect(recoveries).toEqual([])
  streams[2]?.emit('drain')

  expect(recoveries).toEqual([3])
  expect(failures).toHaveLength(1)
  expect(streams[2]?.lines).toEqual(['to the third'])
  expect(sink.lostLines).toBe(3)
})

test('reports one failure for a stream that cannot be opened, and waits ever longer, at most a minute', async () => {
  const open = vi.fn(() => Promise.reject(new Error('EACCES')))
  const { sink, failures } = setUp(open)
  await sink.start()
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000)
  expect(open).toHaveBeenCalledTimes(4)
  await vi.advanceTimersByTimeAsync(8000 + 16_000 + 32_000 + 60_000 + 60_000)
  expect(open).toHaveBeenCalledTimes(9)
  expect(failures).toHaveLength(1)
  await sink.close()
})

test('does not reopen after it was closed', async () => {
  const open = vi.fn(() => Promise.reject(new Error('EACCES')))
  const { sink } = setUp(open)
  await sink.start()
  await sink.close()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(open).toHaveBeenCalledTimes(1)
})

test('counts the lines that a full buffer dropped', async () => {
  const stream = new FakeStream()
  const { sink } = setUp(async () => stream)
  await sink.start()
  sink.write('dropped')
  stream.emit('drop', 'dropped')
  expect(sink.lostLines).toBe(1)
})
