import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SIGNATURES } from '../../../src/native-host/abi.js'

const NATIVE = resolve(import.meta.dirname, '../../../plugins/native')
const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']
const COMPILERS = [
  { language: 'C11', command: 'gcc', flags: ['-std=c11', '-x', 'c'] },
  { language: 'C++17', command: 'g++', flags: ['-std=c++17', '-x', 'c++'] },
]

const folder = mkdtempSync(join(tmpdir(), 'aiges-header-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a program says, which is nothing when all is well. */
function run(command: string, args: readonly string[], input = ''): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(stderr)
  return stdout + stderr
}

describe.each(COMPILERS)('the header for engine writers in $language', ({ command, flags }) => {
  it.each(['aiges/wrapper.h', 'aiges/type.h'])('compiles on its own, without a warning: %s', header => {
    const args = [...WARNINGS, ...flags, '-fsyntax-only', '-I', join(NATIVE, 'include'), '-']
    expect(run(command, args, `#include <${header}>\n#include <${header}>\n`)).toBe('')
  })
})

describe('the header for engine writers', () => {
  it('declares each function that the host calls, with as many arguments, and no other', () => {
    const text = readFileSync(join(NATIVE, 'include/aiges/wrapper.h'), 'utf8')
    const declared = [...text.matchAll(/^WrapperAPI .*?(wrapper[A-Za-z]+)\(([^)]*)\);/gm)].map(
      ([, name, list = '']) => {
        const count = list === 'void' ? 0 : list.split(',').length
        return [name, count]
      },
    )
    const called = Object.entries(SIGNATURES).map(([name, [, args]]) => [name, args.length])
    expect(declared.sort()).toEqual(called.sort())
  })
})

describe('the example engine', () => {
  it('compiles without a warning and exports what the header declares, and nothing else', () => {
    const library = join(folder, 'libwrapper.so')
    const visibility = ['-shared', '-fPIC', '-fvisibility=hidden']
    const source = join(NATIVE, 'example/engine.c')
    expect(
      run('gcc', ['-std=c11', ...WARNINGS, ...visibility, '-I', join(NATIVE, 'include'), source, '-o', library]),
    ).toBe('')
    const exported = run('nm', ['-D', '--defined-only', '--format=posix', library])
      .split('\n')
      .flatMap(line => line.split(' ')[0] || [])
    expect(exported.sort()).toEqual(Object.keys(SIGNATURES).sort())
  })
})
