import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorOf, loadText } from './config-file.js'

const modelsOf = (text: string) => loadText(`[svcName]\n${text}`).config.models

test('what a model leaves out is as in [aiges], [fc] and [wrapper]', () => {
  const [model] = modelsOf(`
    [aiges]
    pythonPluginCmd = "python3 -m aiges.serve"
    replicas = 2
    onceTimeoutMs = 3
    [fc]
    max = 4
    ttl = 5
    [wrapper]
    lic = 6
    [models.digits]
  `)
  expect(model).toMatchObject({
    ...{ name: 'digits', version: '1', aliases: [], kind: 'python', load: true },
    plugin: { command: 'python3 -m aiges.serve', replicas: 2, wrapperConfig: { lic: '6' } },
    admission: { slots: 4, sessionIdleMs: 5, onceTimeoutMs: 3 },
  })
  expect(model).not.toHaveProperty('mid')
})

test('every key of a model changes its field, numbers in quotes too', () => {
  const [model] = modelsOf(`
    [wrapper]
    lic = 1
    path = "/m"
    [models.x]
    name = "digits"
    version = "2"
    aliases = ["mnist", "数字"]
    mid = "3"
    kind = "cmd"
    dir = "sub/folder"
    command = "./plugin"
    load = 0
    replicas = 4
    concurrency = 5
    maxBatch = 6
    maxBatchDelayMs = 7
    wrapperDelayDetectPeriod = 14
    retryCrashed = true
    recycleRequests = 15
    recycleMemoryMiB = 16
    onceTimeoutMs = 8
    startTimeoutMs = 9
    [models.x.fc]
    max = "10"
    queue = 11
    queueWaitMs = 12
    ttl = 13
    [models.x.wrapper]
    lic = 2
    model.size = 28
  `)
  expect(model).toEqual({
    ...{ name: 'digits', version: '2', aliases: ['mnist', '数字'], mid: 3, kind: 'cmd', load: false },
    folder: expect.stringMatching(/^\/.*\/sub\/folder$/),
    plugin: {
      ...{ command: './plugin', tls: false, replicas: 4, concurrency: 5, maxBatch: 6, maxBatchDelayMs: 7 },
      ...{ hangTimeoutMs: 14_000, retryCrashed: true, recycleRequests: 15, recycleMemoryMiB: 16 },
      passEnv: [],
      startTimeoutMs: 9,
      wrapperConfig: { lic: '2', path: '/m', 'model.size': '28' },
    },
    admission: { slots: 10, queue: 11, queueWaitMs: 12, sessionIdleMs: 13, onceTimeoutMs: 8 },
  })
})

test('a native model has a library of its own, runs as many calls as it has slots, and inherits the rest', () => {
  const [digits, asr, python] = modelsOf(`
    [aiges]
    asyncMode = true
    wrapperLib = "libshared.so"
    [fc]
    max = 8
    [models.digits]
    kind = "c"
    [models.asr]
    kind = "c"
    wrapperLib = "./libasr.so"
    asyncMode = false
    realTimeRlt = false
    schema = "asr.json"
    [models.asr.fc]
    max = 3
    [models.python]
  `)
  const native = { library: 'libshared.so', asyncMode: true, realTime: true, schema: undefined }
  expect(digits?.plugin).toMatchObject({ concurrency: 8, native })
  expect(asr?.plugin).toMatchObject({
    concurrency: 3,
    native: { library: './libasr.so', asyncMode: false, realTime: false, schema: 'asr.json' },
  })
  expect(python?.plugin.concurrency).toBe(1)
  expect(python?.plugin).not.toHaveProperty('native')
})

test('models work in the folder of the file, the only model of a file without them in the working directory', () => {
  const { config } = loadText('[svcName]\n[models.a]\n[models.b]\ndir = ".."')
  const [a, b] = config.models.map(({ folder }) => folder)
  expect(config.file).toBe(`${a}/aiges.toml`)
  expect(a).toBe(`${b}/${basename(a as string)}`)
  expect(modelsOf('')).toMatchObject([{ name: 'svcName', folder: process.cwd() }])
})

test('tables that share a name are versions of one model, which has one number', () => {
  const models = modelsOf('[models.old]\nname = "m"\nmid = 1\n[models.new]\nname = "m"\nversion = 2\nmid = 1')
  expect(models.map(({ name, version }) => [name, version])).toEqual([
    ['m', '1'],
    ['m', '2'],
  ])
})

describe('what two models cannot share', () => {
  test.each([
    [
      '[models.a]\nname = "m"\n[models.b]\nname = "m"\nversion = "1"',
      'aiges.toml:6:1: [models.b] version: found "1", allowed: a version that is not taken ([models.a] is version 1 of m already)',
    ],
    [
      '[models.a]\naliases = ["b"]\n[models.b]',
      'aiges.toml:3:1: [models.a] aliases: found ["b"], allowed: names that no other model has ("b" is a name of [models.b])',
    ],
    [
      '[models.a]\naliases = ["x"]\n[models.b]\naliases = ["x"]',
      'aiges.toml:5:1: [models.b] aliases: found ["x"], allowed: names that no other model has ("x" is a name of [models.a])',
    ],
    [
      '[models.a]\nmid = 1\n[models.b]\nmid = 1',
      'aiges.toml:5:1: [models.b] mid: found 1, allowed: a number that no other model has ([models.a] has 1)',
    ],
    [
      '[models.a]\nmid = 1\n[models.b]\nname = "a"\nversion = 2\nmid = 2',
      'aiges.toml:7:1: [models.b] mid: found 2, allowed: the same number in all versions of a model ([models.a] has 1)',
    ],
  ])('%j', (text, message) => {
    expect(errorOf(`[svcName]\n${text}`)).toBe(message)
  })
})

describe('an impossible model', () => {
  test.each([
    ['models = 1', 'aiges.toml:1:1: [models]: found 1, allowed: sections [models.<key>], one a model'],
    ['models.a = 1', 'aiges.toml:1:1: [models.a]: found 1, allowed: a section'],
    ['models.a.fc.max = 0', 'aiges.toml:1:1: [models.a.fc] max: found 0, allowed: an integer from 1 to 1000000'],
    ['models.a.wrapper = 1', 'aiges.toml:1:1: [models.a] wrapper: found 1, allowed: a section'],
    [
      'models.a.wrapper.x = []',
      'aiges.toml:1:1: [models.a.wrapper] x: found [], allowed: a string, a number, true, false or a table of these',
    ],
    ['models.a.kind = "go"', 'aiges.toml:1:1: [models.a] kind: found "go", allowed: one of python, c, cmd'],
    ['models.a.kind = "cmd"', 'aiges.toml:1:1: [models.a] kind: found "cmd", allowed: "cmd" only with a command'],
    ['models.a.version = 0', 'aiges.toml:1:1: [models.a] version: found 0, allowed: an integer from 1 to 2147483647'],
    [
      '[models."a b"]',
      'aiges.toml:1:2: [models.a b]: found "a b", allowed: a key of letters, digits, "_", "-" and ".", or one with a name of its own: name = "…"',
    ],
  ])('%j', (text, message) => {
    expect(errorOf(`${text}\n[svcName]`)).toBe(message)
  })
})
