import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { enterTemporaryFolder } from './command-run.js'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

/** Runs the program itself, from its source. */
const spawnMain = (...args: string[]) =>
  execa(process.execPath, ['--import', tsx, main, ...args], { cwd: process.cwd(), reject: false })

test('the program prints the usage without arguments and exits with 0', async () => {
  enterTemporaryFolder()
  const { exitCode, stdout, stderr } = await spawnMain()
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/aiservice -m 0 {7}本地模式运行/)
})

test('the program exits with 2 on wrong usage, and says why on stderr', async () => {
  enterTemporaryFolder()
  const { exitCode, stdout, stderr } = await spawnMain('-m', '0', '-q')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^aiservice: unknown flag -q; did you mean -\w+\?$/)
})
