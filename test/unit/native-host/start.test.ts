import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { nativeEngine } from '../../helpers/native-engine.js'
import { type NativeSetOptions, nativeSet, once, texts } from './native-set.js'

const folder = mkdtempSync(join(tmpdir(), 'native-start-'))
const running: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(close => close()))
})
afterAll(() => rmSync(folder, { recursive: true }))

function start(options: NativeSetOptions) {
  const { set, close } = nativeSet(options)
  running.push(close)
  return set.start().then(() => set)
}

/** A library that has none but these functions. */
function libraryOf(name: string, source: string): string {
  const path = join(folder, name)
  writeFileSync(`${path}.c`, source)
  execFileSync('cc', ['-shared', '-fPIC', '-o', path, `${path}.c`])
  return path
}

it('refuses a library with the list of the functions that it lacks', async () => {
  const library = libraryOf('partial.so', 'int wrapperInit(void *c) { return 0; }\nint wrapperFini() { return 0; }\n')
  const lacks =
    'wrapperSetCtrl, wrapperError, wrapperVersion, wrapperLoadRes, wrapperUnloadRes, wrapperCreate, wrapperWrite, ' +
    'wrapperRead, wrapperDestroy, wrapperExec, wrapperExecFree, wrapperExecAsync, wrapperDebugInfo'
  await expect(start({ library })).rejects.toThrow(`${library} is no AIGES wrapper: it lacks ${lacks}`)
})

it('does not start over TLS, which it does not speak, and the error says so', async () => {
  await expect(start({ tls: true })).rejects.toThrow(/pluginTls = true, .* native ones do not\. Leave the key out/)
})

it('says where it looked for a library that is not there', async () => {
  const env = { ...process.env, LD_LIBRARY_PATH: '/nowhere/one:/nowhere/two' }
  const wanted = start({ library: 'libnowhere.so', env, cwd: folder })
  await expect(wanted).rejects.toThrow(
    `libnowhere.so is in none of /nowhere/one, /nowhere/two, ${folder}, ${folder}/wrapper, and not where the system's ` +
      'loader looks; LD_LIBRARY_PATH is /nowhere/one:/nowhere/two',
  )
  await expect(start({ library: './no/such.so', cwd: folder })).rejects.toThrow(
    `the library ${folder}/no/such.so does not exist; [aiges] wrapperLib names it`,
  )
})

it('names the library that a library needs and that is missing', async () => {
  const inner = libraryOf('libinner.so', 'int inner() { return 0; }')
  writeFileSync(join(folder, 'outer.c'), 'int inner();\nint wrapperFini() { return inner(); }\n')
  const library = join(folder, 'outer.so')
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, join(folder, 'outer.c'), `-L${folder}`, '-linner'])
  rmSync(inner)
  await expect(start({ library })).rejects.toThrow('likely cause: libinner.so is missing; put the folder')
})

it.each([
  ['LD_LIBRARY_PATH', 'elsewhere', (path: string) => ({ LD_LIBRARY_PATH: path })],
  ['the working directory', '.', () => ({})],
  ['./wrapper', 'wrapper', () => ({})],
])('finds libwrapper.so in %s when the configuration names none', async (_, place, env) => {
  const cwd = mkdtempSync(join(folder, 'cwd-'))
  const path = join(cwd, place)
  mkdirSync(path, { recursive: true })
  copyFileSync(nativeEngine(), join(path, 'libwrapper.so'))
  const { LD_LIBRARY_PATH: _set, ...others } = process.env
  const set = await start({ library: undefined, env: { ...others, ...env(path) }, cwd })
  expect(texts(await once(set, {}))).toEqual(['text=hello'])
  expect(set.version).toBe('4.5.6')
})

it("fails to start with the engine's code and text", async () => {
  const failure = start({ wrapperConfig: { initCode: '7001' } })
  await expect(failure).rejects.toThrow(/the engine says no \(code 7001\)/)
})

it('describes a library without a schema as one that takes everything, with an example that can be sent', async () => {
  const set = await start({})
  expect(set.schema).toMatchObject({ serviceId: 'native', version: '4.5.6' })
  expect(set.schema?.example).toMatchObject({ payload: { data: { text: 'aGVsbG8=' } } })
})

it('takes the schema beside the library, and before it the one that the configuration names', async () => {
  const cwd = mkdtempSync(join(folder, 'cwd-'))
  copyFileSync(nativeEngine(), join(cwd, 'libwrapper.so'))
  const schema = (serviceId: string) => JSON.stringify({ meta: { serviceId, version: '1' }, schemainput: {} })
  writeFileSync(join(cwd, 'schema.json'), schema('beside'))
  writeFileSync(join(cwd, 'named.json'), schema('named'))
  expect((await start({ library: './libwrapper.so', cwd })).schema?.serviceId).toBe('beside')
  expect((await start({ library: './libwrapper.so', schema: 'named.json', cwd })).schema?.serviceId).toBe('named')
  await expect(start({ library: './libwrapper.so', schema: 'no.json', cwd })).rejects.toThrow(/no\.json/)
  writeFileSync(join(cwd, 'schema.json'), '{"meta": {')
  const broken = start({ library: './libwrapper.so', cwd })
  await expect(broken).rejects.toThrow(
    `cannot be loaded (ret 30001): the schema ${cwd}/schema.json cannot be used: Expected`,
  )
})
