import { describe, expect, test } from 'vitest'
import { errorOf, loadText } from './config-file.js'

const SECRET = 'a-secret-of-16-characters'
const load = (text: string) => loadText(`[svcName]\n${text}`)

test('apps are read with what they may do', () => {
  const { config, notices } = load(`[auth]
enabled = true
[auth.apps.demo]
key = "demo-key"
secret = "${SECRET}"
tokens = ["0123456789abcdef"]
models = ["digits"]
rateLimit = 10
burst = 20
maxInFlight = 4
[auth.apps.other]
tokens = ["fedcba9876543210"]`)
  expect(notices).toEqual([])
  expect(config.auth).toEqual({ enabled: true, open: ['probes', 'metrics', 'documents'] })
  expect(config.apps).toEqual([
    {
      ...{ id: 'demo', key: 'demo-key', secret: SECRET, tokens: ['0123456789abcdef'] },
      ...{ models: ['digits'], rateLimit: 10, burst: 20, maxInFlight: 4 },
    },
    { id: 'other', tokens: ['fedcba9876543210'] },
  ])
})

test('the keys of the AIGES loader do not switch authentication on', () => {
  const { config } = load('[auth]\nmeterCtrl = true\nmeterWrapperCtrl = true\njanusCtrl = true')
  expect(config.auth.enabled).toBe(false)
})

test('an unknown key is warned about with the nearest known one', () => {
  const { notices } = load('[auth.apps.demo]\ntokens = ["0123456789abcdef"]\nmodel = ["x"]')
  expect(notices.map(({ message }) => message)).toEqual([
    expect.stringContaining('[auth.apps.demo] model: unknown key, ignored; did you mean models?'),
  ])
})

describe('a mistake is named without the secret', () => {
  test.each([
    [
      '[auth]\nenabled = true',
      'aiges.toml:3:1: [auth] enabled: found true, allowed: true only with apps: [auth.apps.<id>]',
    ],
    ['[auth]\nopen = ["all"]', 'aiges.toml:3:1: [auth] open.0: '],
    ['[auth]\napps = 1', 'aiges.toml:3:1: [auth.apps]: found 1, allowed: sections [auth.apps.<id>]'],
    [
      '[auth.apps.demo]\ntokens = ["abc-def"]',
      '[auth.apps.demo] tokens.0: found what is not shown here, allowed: a list, each',
    ],
    ['[auth.apps.demo]\nkey = "k"\nsecret = "abc-def"', '[auth.apps.demo] secret: found what is not shown here'],
    [
      `[auth.apps.demo]\nsecret = "${SECRET}"`,
      '[auth.apps.demo] secret: found what is not shown here, allowed: key and',
    ],
    ['[auth.apps.demo]\nkey = "abc-def"', '[auth.apps.demo] key: found what is not shown here, allowed: key and'],
    ['[auth.apps.demo]', 'allowed: tokens, or key and secret'],
    ['[auth.apps."a/b"]\ntokens = ["0123456789abcdef"]', 'an id of up to 64 letters'],
    ['[auth.apps.a]\ntokens = ["0123456789abcdef"]\nburst = 2', 'burst only with a rateLimit'],
    [
      '[auth.apps.a]\ntokens = ["0123456789abcdef"]\n[auth.apps.b]\ntokens = ["0123456789abcdef"]',
      '[auth.apps.b] tokens: found what is not shown here, allowed: tokens that no other app has',
    ],
    // Mistakes of the file itself, with lines around them.
    [`[auth.apps.a]\nsecret = "${SECRET}"\nburst = `, 'secret = what is not shown here'],
    [`[auth.apps.a]\nsecret = "abc-def`, 'secret = what is not shown here'],
    [`[auth.apps.a]\ntokens = [\n"${SECRET}",\n oops`, 'aiges.toml:'],
  ])('%j', (text, message) => {
    const error = errorOf(`[svcName]\n${text}`)
    expect(error).toContain(message)
    expect(error).not.toContain(SECRET)
    expect(error).not.toContain('abc-def')
    expect(error).not.toContain('0123456789abcdef')
  })
})
