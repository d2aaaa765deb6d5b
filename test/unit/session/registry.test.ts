import { describe, expect, it } from 'vitest'
import { Model } from '../../../src/session/model.js'
import { ModelRegistry } from '../../../src/session/registry.js'
import { FakePlugins, OPTIONS } from './managed-backend.js'

function version(name: string, number: string, ready: boolean, more: { aliases?: string[]; mid?: number } = {}): Model {
  const plugins = new FakePlugins('')
  plugins.readiness = ready ? { ready } : { ready, why: 'it is starting' }
  return new Model({ ...OPTIONS, name, version: number, ...more }, plugins)
}

describe('a model with several versions', () => {
  const registry = new ModelRegistry([
    version('m', '2', true, { mid: 7 }),
    version('other', '1', true),
    version('m', '10', false, { aliases: ['n'] }),
    version('m', '1', true, { aliases: ['n', 'o'] }),
  ])

  it('answers with the newest that is ready when none is named', () => {
    expect([registry.find('m').version, registry.find('').version, registry.find('n').version]).toEqual(['2', '2', '2'])
  })

  it('answers with the one that is named, ready or not', () => {
    expect([registry.find('m', '10').version, registry.find('o', '1').version]).toEqual(['10', '1'])
  })

  it('is described as a whole', () => {
    expect(registry.info('n')).toEqual({
      name: 'm',
      version: '2',
      versions: [
        { version: '10', readiness: { ready: false, why: 'it is starting' } },
        { version: '2', readiness: { ready: true } },
        { version: '1', readiness: { ready: true } },
      ],
      aliases: ['n', 'o'],
      mid: 7,
      sessionIdleMs: 60_000,
      readiness: { ready: true },
    })
    expect(registry.infos().map(({ name }) => name)).toEqual(['m', 'other'])
    expect(registry.info('m', '10').readiness.ready).toBe(false)
  })

  it('answers with the newest when none is ready', () => {
    expect(new ModelRegistry([version('m', '1', false), version('m', '2', false)]).find('m').version).toBe('2')
  })

  it('names what there is when it is asked for something else', () => {
    expect(() => registry.find('x')).toThrow("no service 'x'; there is m, other")
    expect(() => registry.find('m', '3')).toThrow("m has no version '3'; there is 10, 2, 1")
    expect(() => new ModelRegistry().find('')).toThrow("no service ''; there is none")
  })
})
