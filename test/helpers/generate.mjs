// Generates src/gen from proto/. With --check it generates into a temporary folder and fails on a difference.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const target = join(root, 'src/gen')
const fresh = mkdtempSync(join(tmpdir(), 'aiservice-gen-'))

/** Files whose 64-bit integers are data of clients, and so must not lose digits; as in src/rpc/proto.ts. */
const EXACT = ['oip.proto']

/** @param longs type of 64-bit integers */
function generate(folder, longs, files) {
  if (files.length === 0) return
  const include = `proto/${folder}`
  const options = ['--importFileExtension=.js', '--grpcLib=@grpc/grpc-js', `--longs=${longs}`, '--enums=Number']
  options.push('--defaults', '--oneofs', '--keepCase', `--includeDirs=${include}`, `--outDir=${join(fresh, folder)}`)
  execFileSync(join(root, 'node_modules/.bin/proto-loader-gen-types'), [...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

try {
  for (const folder of ['plugin', 'gateway']) {
    const files = readdirSync(join(root, 'proto', folder)).sort()
    generate(
      folder,
      'Number',
      files.filter(file => !EXACT.includes(file)),
    )
    generate(
      folder,
      'String',
      files.filter(file => EXACT.includes(file)),
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
