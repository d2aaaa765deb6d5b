import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.js'
import { errorOf, temporaryFolder } from './config-file.js'

describe('an impossible value names file, line, section, key, what was found and what is allowed', () => {
  test.each([
    ['[svcName]\nport = 65536', 'aiges.toml:2:1: [svcName] port: found 65536, allowed: an integer from 0 to 65535'],
    ['[svcName]\nport = 1.5', 'aiges.toml:2:1: [svcName] port: found 1.5, allowed: an integer from 0 to 65535'],
    ['[svcName]\nport = "many"', 'aiges.toml:2:1: [svcName] port: found "many", allowed: an integer from 0 to 65535'],
    ['[svcName]\nhost = ""', 'aiges.toml:2:1: [svcName] host: found "", allowed: a string that is not empty'],
    ['svcName.port = true', 'aiges.toml:1:1: [svcName] port: found true, allowed: an integer from 0 to 65535'],
    ['svcName = { port = [] }', 'aiges.toml:1:13: [svcName] port: found [], allowed: an integer from 0 to 65535'],
    ['svcName = 5', 'aiges.toml:1:1: [svcName]: found 5, allowed: a section'],
    ['fc = 1\n[svcName]', 'aiges.toml:1:1: [fc]: found 1, allowed: a section: [fc]'],
    ['[svcName]\n[fc]\n  max = 0', 'aiges.toml:3:3: [fc] max: found 0, allowed: an integer from 1 to 1000000'],
    ['[svcName]\n[tls]\ncert = "a.pem"', 'aiges.toml:3:1: [tls] cert: found "a.pem", allowed: cert and key together'],
    ['[svcName]\n[tls]\nkey = "a.key"', 'aiges.toml:3:1: [tls] key: found "a.key", allowed: cert and key together'],
    [
      '[svcName]\n[tls]\nclientCa = "ca.pem"',
      'aiges.toml:3:1: [tls] clientCa: found "ca.pem", allowed: only with cert and key',
    ],
    ['[svcName]\n[aiges]\nsub = 1', 'aiges.toml:3:1: [aiges] sub: found 1, allowed: a string that is not empty'],
    ['[svcName]\n[aiges]\nnormalizeText = 2', 'aiges.toml:3:1: [aiges] normalizeText: found 2, allowed: true or false'],
    [
      '[svcName]\n[protocols]\nasePath = "/v2"',
      'aiges.toml:3:1: [protocols] asePath: found "/v2", allowed: a path that no other protocol has: it is that of oipPath',
    ],
    [
      '[svcName]\n[protocols]\noipPath = "/a"\nopenaiPath = "/a"',
      'aiges.toml:4:1: [protocols] openaiPath: found "/a", allowed: a path that no other protocol has: it is that of oipPath',
    ],
    [
      '[svcName]\n[protocols]\nmindsporePath = "/v2"',
      'aiges.toml:3:1: [protocols] mindsporePath: found "/v2", allowed: a path that no other protocol has: it is that of oipPath',
    ],
    [
      '[svcName]\n[protocols]\nasePath = "/model"',
      'aiges.toml:3:1: [protocols] asePath: found "/model", allowed: a path that no other protocol has: it is that of mindsporePath',
    ],
    [
      '[svcName]\n[protocols]\nopenaiPath = "/swagger"',
      'aiges.toml:3:1: [protocols] openaiPath: found "/swagger", allowed: a path that no other protocol has: it is that of the daemon\'s own pages',
    ],
    [
      '[svcName]\n[protocols]\noipPath = "/"',
      'aiges.toml:3:1: [protocols] oipPath: found "/", allowed: a path below the root, which is that of the API page',
    ],
    [
      '[svcName]\n[aiges]\nonceTimeoutMs = 9223372036854775807',
      'aiges.toml:3:1: [aiges] onceTimeoutMs: found 9223372036854775807, allowed: an integer from 1 to 2147483647',
    ],
    [
      '[svcName]\n[log]\nlevel = "loud"',
      'aiges.toml:3:1: [log] level: found "loud", allowed: one of trace, debug, info, warn, error, fatal, silent',
    ],
    [
      '[svcName]\n[http]\ncorsOrigins = ["https://example.com/path"]',
      'aiges.toml:3:1: [http] corsOrigins.0: found ["https://example.com/path"], allowed: a list of origins such as ["https://example.com"], or ["*"]',
    ],
    [
      '[svcName]\n[wrapper]\nhttp_listen = "localhost:99999"',
      'aiges.toml:3:1: [wrapper] http_listen: found "localhost:99999", allowed: an address such as ":1888", "127.0.0.1:1888" or "[::1]:1888", with a port from 0 to 65535',
    ],
    [
      '[svcName]\n[wrapper]\n[wrapper.model]\nsizes = [\n 1,\n 2 ]',
      'aiges.toml:4:1: [wrapper] model.sizes: found [ 1, 2 ], allowed: a string, a number, true, false or a table of these',
    ],
    [
      '[svcName]\n[admin]\nenabled = true',
      'aiges.toml:3:1: [admin] enabled: found true, allowed: true only with a token: [admin] token',
    ],
    [
      '[svcName]\n[admin]\ntoken = "my secret"',
      'aiges.toml:3:1: [admin] token: found what is not shown here, allowed: a string of at least 16 visible ASCII characters',
    ],
    [
      '[svcName]\n[aiges]\nusrCfg = "absent.toml"',
      'aiges.toml:3:1: [aiges] usrCfg: found "absent.toml", allowed: the name of a TOML file that exists',
    ],
  ])('%j', (text, message) => {
    expect(errorOf(text)).toBe(message)
  })
})

test('several mistakes are reported at once, in the order of the file', () => {
  expect(
    errorOf('[svcName]\nport = -1\n[aiges]\nreplicas = "x"\n[fc]\nmax = 0\n[wrapper]\nlist = []').split('\n'),
  ).toEqual([
    '4 errors in the configuration:',
    '  aiges.toml:2:1: [svcName] port: found -1, allowed: an integer from 0 to 65535',
    '  aiges.toml:4:1: [aiges] replicas: found "x", allowed: an integer from 1 to 1024',
    '  aiges.toml:6:1: [fc] max: found 0, allowed: an integer from 1 to 1000000',
    '  aiges.toml:8:1: [wrapper] list: found [], allowed: a string, a number, true, false or a table of these',
  ])
})

describe('a service without a section', () => {
  test('lists the sections that look like one and names the flag', () => {
    expect(errorOf('[ocr]\nport = 1\n[tts]\nhost = "a"\n[aiges]\n[trace]\nport = 2')).toBe(
      'aiges.toml: found no section [svcName] for -s svcName, allowed: -s with one of the sections that look like a service: [ocr], [tts]',
    )
  })

  test('is told which section to add when the file has none', () => {
    expect(errorOf('[aiges]')).toBe(
      'aiges.toml: found no section [svcName] for -s svcName, allowed: a section [svcName] with host and port',
    )
  })

  test("cannot be one of the daemon's own sections", () => {
    expect(errorOf('[log]', { service: 'log' })).toContain('-s log: found the name of a section of the daemon itself')
  })
})

describe('a file that cannot be read', () => {
  test('names the line and shows the text when it is not TOML', () => {
    const message = errorOf('[svcName]\nport = \nhost = "a"\n')
    expect(message).toMatch(/^aiges\.toml:2:\d+: Invalid TOML document/)
    expect(message).toContain('port = ')
  })

  test('says so when it does not exist', () => {
    const file = join(temporaryFolder(), 'aiges.toml')
    expect(() => loadConfig({ file, service: 'svcName', env: {} })).toThrow(
      'aiges.toml: cannot read the configuration: there is no such file',
    )
  })

  test('says so when it is not UTF-8', () => {
    const file = join(temporaryFolder(), 'aiges.toml')
    writeFileSync(file, Buffer.from([0x23, 0xc5, 0xe4, 0xd6, 0xc3, 0x0a]))
    expect(() => loadConfig({ file, service: 'svcName', env: {} })).toThrow('the file is not UTF-8 text')
  })

  test('is named when it is the usrCfg file', () => {
    const message = errorOf('[svcName]\n[aiges]\nusrCfg = "user.toml"', { files: { 'user.toml': '[a]\nb = [1]' } })
    expect(message).toBe(
      'user.toml:2:1: [a] b: found [1], allowed: a string, a number, true, false or a table of these',
    )
  })
})

describe('AIGES_PLUGIN_MODE', () => {
  test('is refused with the allowed values when it has another', () => {
    expect(errorOf('[svcName]', { env: { AIGES_PLUGIN_MODE: 'go' } })).toBe(
      'environment variable AIGES_PLUGIN_MODE: found "go", allowed: "c", "python" or unset',
    )
  })
})
