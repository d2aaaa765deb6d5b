import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'
import { type SessionMessage, textOf, untilFree } from '../helpers/web-socket-client.js'

const EXAMPLE = join(ROOT, 'examples/asr')
const SPEECH = join(EXAMPLE, 'wrapper/test_data/speech.wav')
const WAV_HEADER_BYTES = 44
/** 16,000 samples of 2 bytes in a second. */
const SPEECH_MS = (statSync(SPEECH).size - WAV_HEADER_BYTES) / 32

/** The sentence that the recording holds. */
const SPOKEN = /^The sentence, "([^"]+)"/m.exec(readFileSync(join(EXAMPLE, 'README.md'), 'utf8'))?.[1] ?? ''

interface Arrival {
  readonly message: SessionMessage
  readonly atMs: number
}

let daemon: DaemonProcess
let http: string
beforeAll(async () => {
  daemon = startDaemonProcess({ cwd: EXAMPLE })
  ;({ http } = await daemon.ready)
})
afterAll(() => daemon.stop())

const streamSpeech = (...flags: string[]) =>
  execa(process.execPath, [join(ROOT, 'dist/main.js'), 'stream', `audio=@${SPEECH}`, '-u', http, '--json', ...flags], {
    stdin: 'ignore',
    reject: false,
  })

/** Streams the recording with the command; what it printed, and when. */
async function messagesOf(...flags: string[]): Promise<{ acknowledged: Arrival; results: readonly Arrival[] }> {
  const command = streamSpeech(...flags)
  const arrivals: Arrival[] = []
  createInterface({ input: command.stdout }).on('line', line => {
    arrivals.push({ message: JSON.parse(line) as SessionMessage, atMs: performance.now() })
  })
  const { exitCode, stderr } = await command
  expect([exitCode, stderr]).toEqual([0, ''])
  const [acknowledged, ...results] = arrivals
  if (acknowledged === undefined) throw new Error('the command printed nothing')
  return { acknowledged, results }
}

/** How many words of one text the other has, in the same order (their longest common subsequence). */
function wordsInCommon(text: string, other: string): number {
  const others = other.split(' ')
  let lengths = new Array<number>(others.length + 1).fill(0)
  for (const word of text.split(' ')) {
    const row = [0]
    for (const [at, candidate] of others.entries()) {
      const longer = word === candidate ? (lengths[at] ?? 0) + 1 : Math.max(lengths[at + 1] ?? 0, row[at] ?? 0)
      row.push(longer)
    }
    lengths = row
  }
  return lengths.at(-1) ?? 0
}

/** Expects partial results, and at last the sentence with four of five of its words. */
function expectTranscript(results: readonly Arrival[]): void {
  const statuses = results.map(({ message }) => message.payload?.result?.status)
  expect(statuses.length).toBeGreaterThan(5)
  expect(statuses).toEqual([...statuses.slice(1).fill(1), 2])
  const last = results.at(-1)?.message
  expect(last?.header).toMatchObject({ code: 0, status: 2 })
  const text = last ? textOf(last) : ''
  const longest = Math.max(SPOKEN.split(' ').length, text.split(' ').length)
  expect(wordsInCommon(SPOKEN, text) / longest, `heard: ${text}`).toBeGreaterThanOrEqual(0.8)
}

describe('the speech recognition example', () => {
  it('hears the first words while the speaker still speaks, and the sentence in the end', async () => {
    const begin = performance.now()
    const { acknowledged, results } = await messagesOf('--realtime')
    expectTranscript(results)
    const [first] = results
    expect(first && textOf(first.message)).not.toBe('')
    expect((first?.atMs ?? Number.POSITIVE_INFINITY) - acknowledged.atMs).toBeLessThan(SPEECH_MS)
    expect((results.at(-1)?.atMs ?? 0) - begin).toBeGreaterThan(SPEECH_MS)
    await untilFree(http)
  })

  it('hears the same in a recording that comes as fast as possible', async () => {
    expectTranscript((await messagesOf()).results)
    await untilFree(http)
  })

  it('is left quietly when nobody reads what the command prints', async () => {
    const command = streamSpeech('--realtime')
    await once(createInterface({ input: command.stdout }), 'line')
    command.stdout.destroy()
    const { exitCode, stderr, durationMs } = await command
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(durationMs).toBeLessThan(SPEECH_MS)
    await untilFree(http)
  })
})
