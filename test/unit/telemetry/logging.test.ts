import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pruneLogFiles } from '../../../src/telemetry/log-file.js'
import { createLogger, type Logging, type LoggingOptions } from '../../../src/telemetry/logging.js'

let folder: string
let printed: string[]
let logging: Logging | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aiservice-log-'))
  printed = []
})
afterEach(async () => {
  await logging?.close()
  logging = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<LoggingOptions> = {}): Promise<Logging> {
  logging = await createLogger({
    level: 'info',
    file: join(folder, 'log/aiges.log'),
    maxMegabytes: 3,
    files: 3,
    days: 3,
    pretty: false,
    stdout: { write: line => printed.push(line) },
    ...options,
  })
  return logging
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
const readLog = () => linesOf(readFileSync(join(folder, 'log/aiges.log'), 'utf8'))
const listLogs = () => readdirSync(join(folder, 'log')).sort()

test('creates the folder and writes the same JSON line to the file and to stdout, with the sid of a child', async () => {
  const { log, close } = await start()
  log.child({ sid: 'sid-1' }).info({ code: 10107 }, 'refused')
  await close()
  const line = { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), sid: 'sid-1', code: 10107, msg: 'refused' }
  expect(readLog()).toEqual([line])
  expect(linesOf(printed.join(''))).toEqual([line])
})

test('on a terminal stdout is for people, the file stays JSON', async () => {
  const { log, close } = await start({ pretty: true })
  log.warn({ sid: 'sid-1' }, 'slow')
  await close()
  expect(printed.join('')).toMatch(/WARN.*slow/)
  expect(readLog()).toMatchObject([{ level: 'warn', sid: 'sid-1' }])
})

test('what a client wrote does nothing to the terminal, and forges no line of the log', async () => {
  const { log, close } = await start({ pretty: true })
  const text = 'no such path: /\u001b[2J\r\u009b31m\n[12:00:00.000] ERROR: forged \\u001b'
  log.info({ sid: text }, text)
  await close()
  // Colours of the log's own.
  const shown = printed.join('').replaceAll(/\u001b\[\d+m/g, '')
  expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  expect(shown).not.toMatch(/^\[12:00:00/m)
  expect(shown).toContain('no such path: /\\u001b[2J\\r�31m')
  expect(readLog()).toMatchObject([{ msg: text }])
})

test.each([
  ['debug', ['debug', 'info', 'fatal']],
  ['warn', ['fatal']],
  ['silent', []],
] as const)('level %s lets pass what it should', async (level, expected) => {
  const { log, close } = await start({ level })
  log.debug('d')
  log.info('i')
  log.fatal('f')
  await close()
  expect(linesOf(printed.join('')).map(line => line.level)).toEqual(expected)
})

test('starts the next file when one is full, keeps the newest ones and links to the newest', async () => {
  const { log } = await start({ maxMegabytes: 0.001, files: 1 })
  for (let file = 1; file <= 4; file++) {
    log.info('x'.repeat(2000))
    await vi.waitFor(() => expect(readlinkSync(join(folder, 'log/aiges.log'))).toBe(`aiges.${file + 1}.log`))
  }
  await vi.waitFor(() => expect(listLogs()).toEqual(['aiges.4.log', 'aiges.5.log', 'aiges.log']))
})

test('goes on with the newest file of the run before, whatever numbers other files have', async () => {
  const first = await start()
  first.log.info('first run')
  await first.close()
  writeFileSync(join(folder, 'log/other.7.log'), '')
  const second = await start()
  second.log.info('second run')
  await second.close()
  expect(listLogs()).toEqual(['aiges.1.log', 'aiges.log', 'other.7.log'])
  expect(readLog().map(line => line.msg)).toEqual(['first run', 'second run'])
})

test('removes files that are older than the limit, and no file of another name', async () => {
  const old = new Date(Date.now() - 4 * 86_400_000)
  for (const name of ['aiges.1.log', 'aiges.2.log', 'aiges.3.log', 'aiges.x.log', 'other.1.log']) {
    writeFileSync(join(folder, name), '')
    if (name !== 'aiges.2.log') utimesSync(join(folder, name), old, old)
  }
  await pruneLogFiles({ path: join(folder, 'aiges.log'), files: 0, days: 3 })
  expect(readdirSync(folder).sort()).toEqual(['aiges.2.log', 'aiges.3.log', 'aiges.x.log', 'other.1.log'])
})

test('leaves a file of the configured name alone', async () => {
  writeFileSync(join(folder, 'aiges.log'), 'of another program\n')
  const { log, close } = await start({ file: join(folder, 'aiges.log') })
  log.info('mine')
  await close()
  expect(readFileSync(join(folder, 'aiges.log'), 'utf8')).toBe('of another program\n')
  expect(linesOf(readFileSync(join(folder, 'aiges.1.log'), 'utf8'))).toMatchObject([{ msg: 'mine' }])
})

test('a folder that cannot be written is one warning on stdout, where the lines still go', async () => {
  writeFileSync(join(folder, 'occupied'), '')
  const { log, lostLines } = await start({ file: join(folder, 'occupied/aiges.log'), retryDelayMs: 1 })
  log.info('served')
  await vi.waitFor(() => expect(lostLines()).toBe(1))
  expect(linesOf(printed.join(''))).toMatchObject([
    { level: 'warn', msg: expect.stringContaining('occupied/aiges.log') },
    { level: 'info', msg: 'served' },
  ])
})

test.skipIf(!existsSync('/dev/full'))(
  'a full disk costs lines, not the daemon, and writing goes on when there is room again',
  async () => {
    mkdirSync(join(folder, 'log'))
    symlinkSync('/dev/full', join(folder, 'log/aiges.1.log'))
    const { log, close, lostLines } = await start({ retryDelayMs: 5 })
    log.info('lost')
    await vi.waitFor(() => expect(printed.join('')).toContain('ENOSPC'))
    expect(lostLines()).toBeGreaterThanOrEqual(1)

    rmSync(join(folder, 'log/aiges.1.log'))
    await vi.waitFor(() => {
      log.info('there is room')
      expect(printed.join('')).toContain('is written to')
    })
    await close()
    expect(readLog().map(line => line.msg)).toContain('there is room')
    const warnings = linesOf(printed.join('')).filter(line => line.level === 'warn')
    expect(warnings).toHaveLength(2)
    expect(warnings[1].lostLines).toBeGreaterThanOrEqual(1)
  },
)
