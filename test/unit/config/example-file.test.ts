import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  APP_KEYS,
  EFFECTIVE_KEYS,
  MODEL_KEYS,
  MODEL_SLOTS_KEYS,
  SERVICE_SECTION,
} from '../../../src/config/known-keys.js'
import { loadText, modelOf } from './config-file.js'

const example = readFileSync(new URL('../../../aiges.toml.example', import.meta.url), 'utf8')
const ASSIGNMENT = /^(?:# )?(\w+) = /
const SECTION = /^(?:# )?\[([\w.]+)\]$/
const uncommented = example.replace(/^# (?=\w+ = |\[[\w.]+\]$)/gm, '')

/** `section.key` of every assignment of the example, those that are commented out included. */
function documentedKeys(): string[] {
  let section = ''
  return example.split('\n').flatMap(line => {
    section = SECTION.exec(line)?.[1] ?? section
    const key = ASSIGNMENT.exec(line)?.[1]
    return key === undefined ? [] : [`${section === 'svcName' ? SERVICE_SECTION : section}.${key}`]
  })
}

const sections = {
  ...EFFECTIVE_KEYS,
  'auth.apps.demo': APP_KEYS,
  'models.digits': MODEL_KEYS,
  'models.digits.fc': MODEL_SLOTS_KEYS,
}
const effectiveKeys = Object.entries(sections).flatMap(([section, keys]) => keys.map(key => `${section}.${key}`))

test('aiges.toml.example documents every key that has an effect, once, and no other', () => {
  expect(documentedKeys().sort()).toEqual([...effectiveKeys].sort())
})

test('every key of the example is explained in English and Chinese right above it', () => {
  const lines = example.split('\n')
  for (const [index, line] of lines.entries()) {
    if (!ASSIGNMENT.test(line)) continue
    const start = lines.slice(0, index).findLastIndex(above => !above.startsWith('# '))
    const comment = lines.slice(start + 1, index).join(' ')
    expect(comment, line).toMatch(/[a-z]{3}/)
    expect(comment, line).toMatch(/\p{Script=Han}/u)
  }
})

test('the defaults that the example shows are the defaults', () => {
  const { config: written, notices } = loadText(uncommented.slice(0, uncommented.indexOf('[models.')))
  const { config: defaults } = loadText('[svcName]\n[fc]\nmax = 64\n[wrapper]\nhttp_listen = ":1888"')
  expect(notices).toEqual([])
  const model = modelOf(written)
  expect(model.plugin.command).toBe('/usr/bin/env python -m aiges.serve')
  const plugin = { ...model.plugin, command: undefined }
  expect({ ...written, file: '', models: [{ ...model, plugin }] }).toEqual({ ...defaults, file: '' })
})

test('the model that the example shows inherits what it repeats', () => {
  const { config, notices } = loadText(uncommented)
  expect(notices).toEqual([])
  const { config: sparse } = loadText(
    `${uncommented.slice(0, uncommented.indexOf('[models.'))}\n[models.digits]\naliases = ["mnist"]\nmid = 0`,
  )
  const folder = ''
  expect(config.models.map(model => ({ ...model, folder }))).toEqual(sparse.models.map(model => ({ ...model, folder })))
})

test('the example loads as it is, without a notice, and leaves the plugin command to its default', () => {
  const { config, notices } = loadText(example)
  expect(notices).toEqual([])
  expect(modelOf(config).plugin.command).toBeUndefined()
  expect(modelOf(config).admission.slots).toBe(64)
})
