import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { create } from '../../../src/cli/create.js'
import { mnist } from '../../../src/cli/mnist.js'
import { enterTemporaryFolder, recordingTerminal, run } from './command-run.js'

const files = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort()

/** Writes files by their paths. */
function plant(entries: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(entries)) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

describe('mnist', () => {
  const bundled = {
    'bundled/aiges.toml': '[svcName]',
    'bundled/wrapper/wrapper.py': 'class Wrapper: ...',
    'bundled/wrapper/test_data/seven.png': Buffer.from([0x89, 0, 1]),
    'bundled/wrapper/__pycache__/wrapper.pyc': 'x',
    'bundled/train/train.py': 'x',
    'bundled/.venv/bin/python': 'x',
    'bundled/quickstart.mjs': 'x',
  }

  test('writes what a user needs of the example, and nothing of its making', () => {
    enterTemporaryFolder()
    plant(bundled)
    const terminal = recordingTerminal()
    expect(mnist(terminal, 'bundled')).toBe(0)
    expect(files('aiges_demo/mnist')).toEqual([
      'aiges.toml',
      'wrapper',
      'wrapper/test_data',
      'wrapper/test_data/seven.png',
      'wrapper/wrapper.py',
    ])
    expect(readFileSync('aiges_demo/mnist/wrapper/test_data/seven.png')).toEqual(Buffer.from([0x89, 0, 1]))
    expect(terminal.stdout).toContain('wrote aiges_demo/mnist/wrapper/wrapper.py\n')
  })

  test('keeps existing files, says so, and adds the missing ones', () => {
    enterTemporaryFolder()
    plant({ ...bundled, 'aiges_demo/mnist/wrapper/wrapper.py': 'mine' })
    const terminal = recordingTerminal()
    expect(mnist(terminal, 'bundled')).toBe(0)
    expect(readFileSync('aiges_demo/mnist/wrapper/wrapper.py', 'utf8')).toBe('mine')
    expect(terminal.stdout).toContain('kept  aiges_demo/mnist/wrapper/wrapper.py (exists)\n')
    expect(existsSync('aiges_demo/mnist/aiges.toml')).toBe(true)
  })

  test.each(['-mnist', 'mnist'])(
    '%s writes the example of the package, so that its wrapper folder can be copied',
    async arg => {
      enterTemporaryFolder()
      expect(await run(arg)).toMatchObject({ code: 0, stderr: '' })
      cpSync('aiges_demo/mnist/wrapper', '.', { recursive: true })
      expect(readFileSync('wrapper.py', 'utf8')).toContain('class Wrapper')
      expect(files('aiges_demo/mnist')).toEqual(
        expect.arrayContaining(['requirements.txt', 'aiges.toml', 'wrapper/test_data']),
      )
      expect(existsSync('aiges_demo/mnist/train')).toBe(false)
    },
  )
})

describe('create', () => {
  const template = {
    'template/README.md': '# __NAME__\nrun __NAME__',
    'template/wrapper/__NAME__.txt': 'x',
    'template/wrapper/test_data/test.png': Buffer.from('\x89PNG\0__NAME__', 'latin1'),
    'template/__pycache__/x.pyc': 'x',
  }

  test('fills the name into texts and file names, and leaves binary files as they are', () => {
    enterTemporaryFolder()
    plant(template)
    const terminal = recordingTerminal()
    expect(create('my-ocr_2', terminal, 'template')).toBe(0)
    expect(files('my-ocr_2')).toEqual([
      'README.md',
      'wrapper',
      'wrapper/my-ocr_2.txt',
      'wrapper/test_data',
      'wrapper/test_data/test.png',
    ])
    expect(readFileSync('my-ocr_2/README.md', 'utf8')).toBe('# my-ocr_2\nrun my-ocr_2')
    expect(readFileSync('my-ocr_2/wrapper/test_data/test.png', 'latin1')).toBe('\x89PNG\0__NAME__')
    expect(terminal.stdout).toContain('wrote my-ocr_2/README.md\n')
  })

  test('fills an empty folder but refuses one that holds something, and a file', () => {
    enterTemporaryFolder()
    plant({ ...template, 'full/mine.txt': 'mine', plain: '' })
    mkdirSync('empty')
    expect(create('empty', recordingTerminal(), 'template')).toBe(0)
    expect(() => create('full', recordingTerminal(), 'template')).toThrow('the folder full exists and is not empty')
    expect(files('full')).toEqual(['mine.txt'])
    expect(() => create('plain', recordingTerminal(), 'template')).toThrow('plain exists and is no folder')
  })

  test.each(['', '1a', 'a b', '../x', 'a/b', 'a.b', '名字', '-x', 'a'.repeat(65)])(
    'refuses the name %j with exit code 2',
    async name => {
      enterTemporaryFolder()
      const { code, stderr } = await run('create', `-n=${name}`)
      expect(code).toBe(2)
      expect(stderr).toContain(`-n: found "${name}", allowed: a letter`)
      expect(files('.')).toEqual([])
    },
  )

  test('needs one name', async () => {
    enterTemporaryFolder()
    expect(await run('create')).toMatchObject({
      code: 2,
      stderr: 'aiservice: create needs a name: aiservice create -n NAME\n',
    })
    expect(await run('create', 'a', '-n', 'b')).toMatchObject({
      code: 2,
      stderr: 'aiservice: two names: "b" and "a"\n',
    })
  })

  test.each([
    ['create', '-n', 'demo'],
    ['create', 'demo'],
  ])('%s %s writes a project from the template of the package', async (...args) => {
    enterTemporaryFolder()
    expect(await run(...args)).toMatchObject({ code: 0, stderr: '' })
    expect(files('demo')).toEqual(
      expect.arrayContaining([
        'Dockerfile',
        'README.md',
        'requirements.txt',
        'wrapper/test_data/test.png',
        'wrapper/wrapper.py',
      ]),
    )
    expect(readFileSync('demo/README.md', 'utf8')).not.toContain('__NAME__')
  })
})
