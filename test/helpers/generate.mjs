// Generates src/gen from proto/. With --check it generates into a temporary folder and fails on a difference.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const target = join(root, 'src/gen')
const fresh = mkdtempSync(join(tmpdir(), 'aiservice-gen-'))

try {
  for (const folder of ['plugin', 'gateway']) {
    const include = `proto/${folder}`
    const options = ['--importFileExtension=.js', '--grpcLib=@grpc/grpc-js', '--longs=Number', '--enums=Number']
    options.push('--defaults', '--oneofs', '--keepCase', `--includeDirs=${include}`, `--outDir=${join(fresh, folder)}`)
    execFileSync(
      join(root, 'node_modules/.bin/proto-loader-gen-types'),
      [...options, ...readdirSync(join(root, include)).sort()],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
  }
  if (process.argv.includes('--check')) {
    const files = folder => (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : [])
    const read = (folder, name) => {
      try {
        return readFileSync(join(folder, name), 'utf8')
      } catch (error) {
        if (error.code === 'EISDIR') return ''
        if (error.code === 'ENOENT') return undefined
        throw error
      }
    }
    const names = new Set([...files(fresh), ...files(target)])
    const stale = [...names].filter(name => read(fresh, name) !== read(target, name))
    if (stale.length > 0) {
      console.error(`src/gen is not what proto/ generates (run npm run generate): ${stale.join(', ')}`)
      process.exitCode = 1
    }
  } else {
    rmSync(target, { recursive: true, force: true })
    cpSync(fresh, target, { recursive: true })
  }
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
