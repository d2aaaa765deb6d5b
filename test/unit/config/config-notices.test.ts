import { expect, test } from 'vitest'
import { KEYS_WITHOUT_EFFECT, SERVICE_SECTION } from '../../../src/config/known-keys.js'
import { loadText } from './config-file.js'

/** Level and message of each notice, with the file name taken off. */
const noticesOf = (text: string) =>
  loadText(text).notices.map(({ level, message }) => `${level} ${message.replace(/^\S+?\.toml: /, '')}`)

test.each([
  ['[svcName]\nprot = 1', 'warn [svcName] prot: unknown key, ignored; did you mean port?'],
  ['[svcName]\n[aiges]\nreplica = 1', 'warn [aiges] replica: unknown key, ignored; did you mean replicas?'],
  ['[svcName]\n[aiges]\nqueueWaitMs = 1', 'warn [aiges] queueWaitMs: unknown key, ignored; it belongs in [fc]'],
  ['[svcName]\n[elog]\nelogXlm = 1', 'warn [elog] elogXlm: unknown key, ignored; did you mean elogXml?'],
  ['[svcName]\n[fc]\nzzzzzzzz = 1', 'warn [fc] zzzzzzzz: unknown key, ignored'],
  ['[svcName]\n[agies]\nsub = "x"', 'warn [agies]: unknown section, ignored; did you mean [aiges]?'],
  ['[svcName]\n[models.a]\nreplica = 1', 'warn [models.a] replica: unknown key, ignored; did you mean replicas?'],
  ['[svcName]\n[models.a]\nmax = 1', 'warn [models.a] max: unknown key, ignored; it belongs in [models.a.fc]'],
  ['[svcName]\n[models.a.fc]\nqueues = 1', 'warn [models.a.fc] queues: unknown key, ignored; did you mean queue?'],
  ['colour = 1\n[svcName]', 'warn colour: unknown key outside of every section, ignored'],
  ['[svcName]\n[ocr]\nport = 1', 'info [ocr] is the section of another service, ignored; -s ocr serves it'],
])('%j is told about', (text, notice) => {
  expect(noticesOf(text)).toEqual([notice])
})

test('the keys without effect are told in one line a section', () => {
  expect(noticesOf('[svcName]\nfinder = 1\n[trace]\nable = 1\ndump = 2')).toEqual([
    'info [svcName] accepted but without effect here: finder',
    'info [trace] accepted but without effect here: able, dump',
  ])
})

test('no known key without effect is warned about, whatever its value', () => {
  const sections = Object.entries(KEYS_WITHOUT_EFFECT).map(([name, keys]) => {
    const lines = keys.map(key => `${key} = 1`)
    return `[${name === SERVICE_SECTION ? 'svcName' : name}]\n${lines.join('\n')}`
  })
  const notices = noticesOf(sections.join('\n'))
  expect(notices).toHaveLength(Object.keys(KEYS_WITHOUT_EFFECT).length)
  expect(notices.filter(notice => !notice.startsWith('info '))).toEqual([])
})

test('any key of [wrapper] is fine', () => {
  expect(noticesOf('[svcName]\n[wrapper]\nreplicas = 1\n"x.y" = 2')).toEqual([])
})
