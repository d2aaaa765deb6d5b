// Second half of `npm run build`: puts the modules that tsc has made in dist/, and the packages that they import, into a
// few large files. To find and read a thousand small ones would be a third of the daemon's start.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('./', import.meta.url))
const DIST = join(ROOT, 'dist')

/** These stay in node_modules, as do all packages that are imported when they are needed: a native one, and those of a page. */
const EXTERNAL = ['koffi', '@fastify/swagger', '@fastify/swagger-ui']

const leaveLatePackages = {
  name: 'leave-late-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind }) => (kind === 'dynamic-import' ? { external: true } : undefined))
  },
}

/** Modules that find files by their own place in the package keep it: those of the daemon, and of these packages. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      if (!path.startsWith(DIST)) return undefined
      return replaced(path, 'import.meta.url', `new URL('./${relative(DIST, path)}', import.meta.url).href`)
    })
    onLoad({ filter: /\/node_modules\/(@grpc|grpc-health-check)\/.*\.js$/ }, ({ path }) => {
      const module = path.split('/node_modules/').at(-1)
      return replaced(path, '__dirname', `require('node:path').dirname(require.resolve('${module}'))`)
    })
  },
}

function replaced(path, name, by) {
  return { contents: readFileSync(path, 'utf8').replaceAll(name, by) }
}

/** What the licences of packages ask for of those who hand on something of them. */
function licences(inputs) {
  const folders = new Set(inputs.flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const texts = [...folders].sort().map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(ROOT, folder)).find(entry => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8')
    return `${name} ${version}: ${license}\n\n${text}`
  })
  return texts.join(`\n${'-'.repeat(80)}\n`)
}

function writeInto(path, contents) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}

const { outputFiles, metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['dist/main.js', 'dist/native-host/main.js'],
  outdir: DIST,
  outbase: DIST,
  allowOverwrite: true,
  write: false,
  bundle: true,
  // What is imported when it is needed is in files of its own.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  metafile: true,
  external: EXTERNAL,
  plugins: [leaveLatePackages, keepPlaces],
  // CommonJS packages ask for Node's own modules by this.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'warning',
})
rmSync(DIST, { recursive: true })
const MAIN = join(DIST, 'main.js')
writeInto(join(DIST, 'LICENCES.txt'), licences(Object.keys(metafile.inputs)))
// The entry comes last: where it is, a build has not been interrupted.
for (const { path, contents } of outputFiles.filter(({ path }) => path !== MAIN)) writeInto(path, contents)
writeInto(MAIN, outputFiles.find(({ path }) => path === MAIN).contents)
chmodSync(MAIN, 0o755)
