import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../helpers/daemon-process.js'

const DIST = join(ROOT, 'dist')
const modules = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.js'))

describe('what is built', () => {
  it('comes with the licence of every package that is in it', () => {
    const texts = modules.map(file => readFileSync(join(DIST, file), 'utf8'))
    const packages = new Set(
      texts.flatMap(text =>
        [...text.matchAll(/^\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name]) => name),
      ),
    )
    expect(packages.size).toBeGreaterThan(20)
    const licences = readFileSync(join(DIST, 'LICENCES.txt'), 'utf8')
    for (const name of packages) expect(licences).toMatch(new RegExp(`^${name} \\d.*: .+$`, 'm'))
  })

  it('has its entry only when all else is there, so that an interrupted build is done again', () => {
    const written = (file: string) => statSync(join(DIST, file)).mtimeMs
    const others = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter(file => /\.\w+$/.test(file))
    expect(written('main.js')).toBe(Math.max(...others.map(written)))
  })

  it('is few files, of which each says where it comes from in src/', () => {
    expect(modules.length).toBeLessThan(40)
    const { sources } = JSON.parse(readFileSync(join(DIST, 'main.js.map'), 'utf8')) as { sources: string[] }
    const own = sources.filter(source => !source.includes('node_modules'))
    expect(own).toContain('../src/main.ts')
    for (const source of own) expect(existsSync(join(DIST, source)), source).toBe(true)
  })
})
