import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './daemon-process.js'

/** Where a Go toolchain may be, the first one counts. */
const CANDIDATES = ['go', '/usr/local/go/bin/go']

/** The Go toolchain of this machine; undefined: there is none. */
export const GO = CANDIDATES.find(go => spawnSync(go, ['version']).status === 0)

/**
 * Builds `test/go-plugin`; the toolchain's own cache makes that quick from the second time on.
 * @returns the program's path
 */
export function buildGoPlugin(): string {
  if (GO === undefined) throw new Error(`no Go toolchain: ${CANDIDATES.join(' and ')} were looked for`)
  const program = join(ROOT, 'test/.artifacts/go-plugin')
  const { status, stderr } = spawnSync(GO, ['build', '-buildvcs=false', '-o', program, '.'], {
    cwd: join(ROOT, 'test/go-plugin'),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the Go plugin cannot be built:\n${stderr}`)
  return program
}
