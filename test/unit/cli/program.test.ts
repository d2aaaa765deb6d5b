import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { USAGE } from '../../../src/cli/usage.js'
import { enterTemporaryFolder, run } from './command-run.js'

const example = () => readFileSync(new URL('../../../aiges.toml.example', import.meta.url), 'utf8')

test.each([[[]], [['-h']], [['--help']], [['help']]])('%j prints the usage in Chinese and English', async args => {
  expect(await run(...args)).toEqual({ code: 0, stdout: USAGE, stderr: '' })
  expect(USAGE).toMatch(/本地模式运行/)
})

test.each(['-v', '--v', '-version', 'version'])('%s prints the version of the package', async arg => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  expect(await run(arg)).toEqual({ code: 0, stdout: `aiservice ${manifest.version}\n`, stderr: '' })
})

test.each(['serve', 'init', 'mnist', 'create', 'call', 'stream', 'version'])(
  'help %s explains the command',
  async command => {
    const { code, stdout } = await run('help', command)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: aiservice ${command} `))
  },
)

test('an unknown flag is answered with the nearest one and exit code 2', async () => {
  expect(await run('-mnst')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'aiservice: unknown flag -mnst; did you mean -mnist?\n',
  })
})

test('an argument too many is exit code 2', async () => {
  enterTemporaryFolder()
  const { code, stderr } = await run('init', 'here')
  expect(code).toBe(2)
  expect(stderr).toMatch(/too many arguments/)
})

test.each(['-init', 'init'])('%s writes the example as aiges.toml and leaves an existing one alone', async arg => {
  const folder = enterTemporaryFolder()
  const first = await run(arg)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toContain(`wrote ${folder}/aiges.toml`)
  expect(readFileSync('aiges.toml', 'utf8')).toBe(example())
  writeFileSync('aiges.toml', '# mine')
  const second = await run(arg)
  expect(second).toEqual({ code: 0, stdout: `${folder}/aiges.toml exists and was left as it is\n`, stderr: '' })
  expect(readFileSync('aiges.toml', 'utf8')).toBe('# mine')
})

test('the configuration centre is refused with a message and exit code 2', async () => {
  enterTemporaryFolder()
  const { code, stderr } = await run('-m', '1', '-s', 'svcName')
  expect(code).toBe(2)
  expect(stderr).toMatch(/^aiservice: -m 1: the configuration centre is not available in this version/)
})

test('a mode that does not exist is exit code 2', async () => {
  expect(await run('-m=7')).toMatchObject({ code: 2, stderr: 'aiservice: -m: found "7", allowed: 0 (local mode)\n' })
})

test('a mistake in the configuration is exit code 2 and names the place', async () => {
  enterTemporaryFolder()
  writeFileSync('aiges.toml', '[svcName]\nport = "x"\n')
  expect(await run('-m', '0')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'aiservice: aiges.toml:2:1: [svcName] port: found "x", allowed: an integer from 0 to 65535\n',
  })
})

test('another configuration file than the default one is not made up', async () => {
  enterTemporaryFolder()
  const { code, stderr } = await run('-c', 'other.toml')
  expect(code).toBe(2)
  expect(stderr).toContain('other.toml: cannot read the configuration: there is no such file')
})

test('an error of the system is told without a stack, with exit code 1', async () => {
  enterTemporaryFolder()
  writeFileSync('aiges_demo', '')
  const { code, stderr } = await run('-mnist')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^aiservice: Error: (EEXIST|ENOTDIR|ENOENT)/)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
})

test('a folder called aiges.toml is a mistake in the configuration', async () => {
  enterTemporaryFolder()
  mkdirSync('aiges.toml')
  const { code, stderr } = await run('-m=0')
  expect(code).toBe(2)
  expect(stderr).toContain('EISDIR')
})
