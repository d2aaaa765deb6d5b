import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'

const QUICKSTART = fileURLToPath(new URL('../../examples/mnist/quickstart.mjs', import.meta.url))

const root = mkdtempSync(join(tmpdir(), 'quickstart-'))
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A file that was written so many seconds after the first of them. */
function file(path: string, seconds: number, text = ''): void {
  const at = join(root, path)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, text)
  utimesSync(at, seconds, seconds)
}

it('builds again when newer packages have been installed, whose code is in what is built', () => {
  file('src/main.ts', 0)
  file('dist/main.js', 1)
  file('package-lock.json', 2)
  file('node_modules/.package-lock.json', 3)
  mkdirSync(join(root, 'examples/mnist'), { recursive: true })
  copyFileSync(QUICKSTART, join(root, 'examples/mnist/quickstart.mjs'))
  file('bin/npm', 0, '#!/bin/sh\necho "npm $*"\nexit 7\n')
  chmodSync(join(root, 'bin/npm'), 0o755)
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'examples/mnist/quickstart.mjs')], {
    env: { PATH: join(root, 'bin') },
    encoding: 'utf8',
  })
  expect(stdout).toContain('npm run --silent build')
  expect(stderr).toContain('npm run build failed with exit code 7')
})
