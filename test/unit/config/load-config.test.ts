import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.js'
import { loadText, modelOf, temporaryFolder } from './config-file.js'

afterEach(() => void vi.restoreAllMocks())

test('a section for the service alone gives every default', () => {
  const { config, notices } = loadText('[svcName]\n')
  expect(notices).toEqual([])
  const plugin = {
    command: undefined,
    tls: false,
    passEnv: [],
    wrapperConfig: {},
    startTimeoutMs: 60_000,
    replicas: 1,
    concurrency: 1,
    maxBatch: 0,
    maxBatchDelayMs: 0,
    ...{ hangTimeoutMs: 60_000, retryCrashed: false, recycleRequests: 0, recycleMemoryMiB: 0 },
  }
  const admission = { slots: 1, queue: 256, queueWaitMs: 10_000, sessionIdleMs: 10_000, onceTimeoutMs: 120_000 }
  const folder = process.cwd()
  expect(config).toEqual({
    file: expect.stringMatching(/^\/.*\/aiges\.toml$/),
    service: 'svcName',
    sub: 'ase',
    grpc: { host: '0.0.0.0', port: 5090, idleTimeoutMs: 3_600_000 },
    http: { host: expect.stringMatching(/^(::|0\.0\.0\.0)$/), port: 1888, bodyLimitBytes: 16_777_216, corsOrigins: [] },
    protocols: {
      ase: { enabled: true, path: '/v1' },
      xsf: true,
      aigesV1: true,
      oip: { enabled: true, path: '/v2' },
      openai: { enabled: true, path: '/openai/v1' },
      mindspore: { enabled: true, path: '/' },
      edgeboard: { enabled: true, path: '/api/model/service' },
    },
    models: [
      { name: 'svcName', version: '1', aliases: [], mid: 0, kind: 'python', folder, load: true, plugin, admission },
    ],
    ws: { readTimeoutMs: 15_000, sessionTimeoutMs: 180_000 },
    ase: { headerPass: [], normalizeText: false },
    log: { level: 'info', file: './log/aiges.log', maxMegabytes: 3, files: 3, days: 3 },
    drainTimeoutMs: 30_000,
    reloadOnChange: false,
    unreadyMs: 0,
    admin: { enabled: false, token: '' },
    runAs: undefined,
    tls: undefined,
    auth: { enabled: false, open: ['probes', 'metrics', 'documents'] },
    apps: [],
  })
})

test('a file of an existing deployment loads without a warning', () => {
  const file = fileURLToPath(new URL('deployed-aiges.toml', import.meta.url))
  const { config, notices } = loadConfig({ file, service: 'svcName', env: {} })
  expect(notices.filter(notice => notice.level !== 'info')).toEqual([])
  expect(config).toMatchObject({
    sub: 'common',
    grpc: { host: '127.0.0.1', port: 5091 },
    http: { host: '127.0.0.1', port: 1889 },
    models: [{ admission: { slots: 100 } }],
    log: { level: 'error', file: './log/ocr.log', maxMegabytes: 10, files: 5, days: 7 },
  })
  expect(modelOf(config).plugin.command).toBe('/opt/python/bin/python -m aiges.serve')
  expect(modelOf(config).plugin.wrapperConfig).toEqual({
    'common.lic': '20',
    'resource./msp/resource/ocr/detector.bin': 'DET',
    'log.level': 'info',
  })
})

test('every key with an effect changes its field', () => {
  const { config, notices } = loadText(
    `
    [ocr]
    host = "::1"
    port = "0"
    [wrapper]
    http_listen = "[::1]:2000"
    [aiges]
    sub = "iat"
    pythonPluginCmd = "python3 -m aiges.serve"
    pluginTls = true
    headerPass = "appid; uid;;appid"
    normalizeText = 1
    replicas = 2
    concurrency = 4
    maxBatch = 8
    maxBatchDelayMs = 5
    onceTimeoutMs = 1
    startTimeoutMs = 2
    drainTimeoutMs = 0
    reloadOnChange = true
    [admin]
    enabled = 1
    token = "0123456789abcdef"
    [http]
    bodyLimitMiB = 32
    grpcIdleTimeoutMs = 0
    corsOrigins = ["https://example.com", "*"]
    [fc]
    max = "8"
    queue = 0
    queueWaitMs = 5
    ttl = 6
    [ws]
    readTimeout = 7
    sessionTimeout = 8
    [log]
    level = "WARNING"
    file = "/tmp/x.log"
    size = 1
    count = 0
    die = 9
  `,
    { service: 'ocr', env: { AIGES_PLUGIN_MODE: 'python' } },
  )
  expect(notices).toEqual([])
  expect(config).toMatchObject({
    service: 'ocr',
    sub: 'iat',
    grpc: { host: '::1', port: 0, idleTimeoutMs: 0 },
    http: { host: '::1', port: 2000, bodyLimitBytes: 33_554_432, corsOrigins: ['https://example.com', '*'] },
    models: [
      {
        plugin: {
          command: 'python3 -m aiges.serve',
          tls: true,
          startTimeoutMs: 2,
          replicas: 2,
          concurrency: 4,
          maxBatch: 8,
          maxBatchDelayMs: 5,
        },
        admission: { slots: 8, queue: 0, queueWaitMs: 5, sessionIdleMs: 6, onceTimeoutMs: 1 },
      },
    ],
    ws: { readTimeoutMs: 7000, sessionTimeoutMs: 8000 },
    ase: { headerPass: ['appid', 'uid'], normalizeText: true },
    log: { level: 'warn', file: '/tmp/x.log', maxMegabytes: 1, files: 0, days: 9 },
    drainTimeoutMs: 0,
    reloadOnChange: true,
    admin: { enabled: true, token: '0123456789abcdef' },
  })
})

test('the result is frozen to its last leaf', () => {
  const { config } = loadText('[svcName]\n[wrapper]\na = 1')
  expect(() => Object.assign(modelOf(config).plugin.wrapperConfig, { a: '2' })).toThrow(TypeError)
  expect(() => Object.assign(config.http.corsOrigins, { 0: '*' })).toThrow(TypeError)
  expect(() => Object.assign(config, { service: 'x' })).toThrow(TypeError)
})

test('http_listen of [wrapper] counts before that of the service section, and the difference is told', () => {
  expect(loadText('[svcName]\nhttp_listen = "127.0.0.1:7"').config.http).toMatchObject({ host: '127.0.0.1', port: 7 })
  const both = loadText('[svcName]\nhttp_listen = "127.0.0.1:7"\n[wrapper]\nhttp_listen = "127.0.0.1:8"')
  expect(both.config.http.port).toBe(8)
  expect(both.notices).toEqual([
    {
      level: 'warn',
      message: expect.stringContaining(
        '[wrapper] http_listen = "127.0.0.1:8" counts, [svcName] http_listen is ignored',
      ),
    },
  ])
})

test('pluginCmd counts before pythonPluginCmd, and that is told when both are there', () => {
  expect(loadText('[svcName]\n[aiges]\npluginCmd = "./plugin -v"')).toMatchObject({
    config: { models: [{ plugin: { command: './plugin -v' } }] },
    notices: [],
  })
  const both = loadText('[svcName]\n[aiges]\npluginCmd = "./plugin"\npythonPluginCmd = "python3 -m aiges.serve"')
  expect(modelOf(both.config).plugin.command).toBe('./plugin')
  const message = expect.stringContaining('[aiges] pluginCmd = "./plugin" counts, pythonPluginCmd is ignored')
  expect(both.notices).toEqual([{ level: 'info', message }])
  const native = loadText('[svcName]\n[aiges]\npluginCmd = "./plugin"', { env: { AIGES_PLUGIN_MODE: 'c' } })
  expect(native.notices.map(notice => notice.message)).toEqual([expect.stringContaining('pluginCmd is ignored')])
})

test('[wrapper] values reach the wrapper as strings, nested tables as dotted keys', () => {
  const { config } = loadText(`
    [svcName]
    [wrapper]
    able = true
    lic = 10
    big = 9223372036854775807
    ratio = 1.5
    whole = 1.0
    million = 1e6
    tiny = 2.5e-7
    huge = -1.25e22
    day = 2024-02-29
    "log.level" = "debug"
    model = { path = "/m", size.width = 28 }
    [wrapper.resource]
    name = "x"
  `)
  expect(modelOf(config).plugin.wrapperConfig).toEqual({
    able: 'true',
    lic: '10',
    big: '9223372036854775807',
    ratio: '1.5',
    whole: '1',
    million: '1000000',
    tiny: '0.00000025',
    huge: '-12500000000000000000000',
    day: '2024-02-29',
    'log.level': 'debug',
    'model.path': '/m',
    'model.size.width': '28',
    'resource.name': 'x',
  })
})

test('a usrCfg file takes the place of [wrapper] and is found beside the configuration', () => {
  const { config } = loadText(
    '[svcName]\n[aiges]\nusrCfg = "user.toml"\n[wrapper]\nhttp_listen = "127.0.0.1:9"\nlic = 1',
    {
      files: { 'user.toml': 'top = 1\n[common]\nlic = 3\n[resource]\nname = "m"' },
    },
  )
  expect(modelOf(config).plugin.wrapperConfig).toEqual({ top: '1', 'common.lic': '3', 'resource.name': 'm' })
  expect(config.http.port).toBe(9)
})

test('the file headerPass.wrapper in the working directory adds header keys', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'headerPass.wrapper'), 'uid\r\n\r\ndid\n')
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  expect(loadText('[svcName]\n[aiges]\nheaderPass = "appid;uid"').config.ase.headerPass).toEqual([
    'appid',
    'uid',
    'did',
  ])
})

test('a byte order mark and Windows line ends do not matter', () => {
  const { config } = loadText('\uFEFF[svcName]\r\nport = 1\r\n')
  expect(config.grpc.port).toBe(1)
})

test('a native wrapper is served when a library is named or the environment asks for it', () => {
  const native = { library: undefined, asyncMode: false, realTime: true, schema: undefined }
  const named = '[svcName]\n[aiges]\nwrapperLib = "libwrapper.so"'
  const { config } = loadText('[svcName]', { env: { AIGES_PLUGIN_MODE: 'c' } })
  expect(modelOf(config).plugin.native).toEqual(native)
  expect(config.models).toMatchObject([{ kind: 'c', plugin: { native } }])
  expect(modelOf(loadText(named).config).plugin.native).toEqual({ ...native, library: 'libwrapper.so' })
  expect(modelOf(loadText(named, { env: { AIGES_PLUGIN_MODE: 'python' } }).config).plugin.native).toBeUndefined()
  const all = `${named}\nasyncMode = true\nrealTimeRlt = false\nschema = "ocr.json"`
  expect(modelOf(loadText(all, { env: { AIGES_PLUGIN_MODE: '' } }).config).plugin.native).toEqual({
    library: 'libwrapper.so',
    asyncMode: true,
    realTime: false,
    schema: 'ocr.json',
  })
})

test('a native wrapper runs as many calls as there are slots, unless the file says otherwise', () => {
  const concurrency = (text: string) =>
    modelOf(loadText(text, { env: { AIGES_PLUGIN_MODE: 'c' } }).config).plugin.concurrency
  expect(concurrency('[svcName]\n[fc]\nmax = 24')).toBe(24)
  expect(concurrency('[svcName]\n[aiges]\nconcurrency = 2\n[fc]\nmax = 24')).toBe(2)
})

test('with the router qpsLimiter, max and ttl limit how many requests begin in a time, for each model', () => {
  const { config, notices } = loadText(
    '[svcName]\n[fc]\nrouter = "qpsLimiter"\nmax = 100\nttl = 1000\n[models.a]\n[models.b.fc]\nmax = 5',
  )
  expect(notices).toEqual([])
  const common = { slots: 1_000_000, queue: 256, queueWaitMs: 10_000, sessionIdleMs: 10_000, onceTimeoutMs: 120_000 }
  expect(config.models.map(({ admission }) => admission)).toEqual([
    { ...common, rate: { requests: 100, intervalMs: 1000 } },
    { ...common, rate: { requests: 5, intervalMs: 1000 } },
  ])
  expect(() => loadText('[svcName]\n[fc]\nrouter = "qps"')).toThrow(
    '[fc] router: found "qps", allowed: one of sessionManager, qpsLimiter',
  )
})
