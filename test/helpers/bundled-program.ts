import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** As deep in the package as what looks for its `proto` folder from where it lies itself (`src/rpc/`). */
const FOLDER = fileURLToPath(new URL('../.artifacts/', import.meta.url))

/**
 * Makes one file that Node runs of a program in TypeScript, and returns its path. Tests that start it dozens of times would
 * otherwise wait for the translation each time.
 */
export function bundledProgram(name: string, source: string): string {
  const file = join(FOLDER, `${name}.mjs`)
  // Two test files may make it at the same time.
  const fresh = join(FOLDER, `${name}-${process.pid}.mjs`)
  mkdirSync(FOLDER, { recursive: true })
  buildSync({
    entryPoints: [source],
    outfile: fresh,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
  })
  renameSync(fresh, file)
  return file
}
