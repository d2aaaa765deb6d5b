import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../../src/plugin/command.js'

describe('parseCommand', () => {
  it('splits words and finds the interpreter of a Python plugin', () => {
    expect(parseCommand('/usr/bin/env python -m aiges.serve')).toMatchObject({
      file: '/usr/bin/env',
      args: ['python', '-m', 'aiges.serve'],
      interpreter: ['/usr/bin/env', 'python'],
    })
  })

  it('honours quotes around a path with spaces', () => {
    expect(parseCommand('"/opt/my env/bin/python" -m aiges.serve').interpreter).toEqual(['/opt/my env/bin/python'])
  })

  it('leaves shell syntax to the shell', () => {
    const text = '. venv/bin/activate && python -m aiges.serve'
    expect(parseCommand(text)).toEqual({ file: '/bin/sh', args: ['-c', text], text })
  })

  it('knows no interpreter for another program', () => {
    expect(parseCommand('./engine --port 0')).not.toHaveProperty('interpreter')
  })
})
