import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the package; the compiled file lies as deep as its source. */
const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Absolute path of something that the package brings along. */
export const packageFile = (...parts: readonly string[]) => join(PACKAGE_ROOT, ...parts)

/** Version of the package, such as `0.1.0`. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }
  return manifest.version
}
