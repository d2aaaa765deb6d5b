import type { Logger } from 'pino'
import { describe, expect, it } from 'vitest'
import { PluginOutput } from '../../../src/plugin/plugin-output.js'

function collect() {
  const seen: [string, string][] = []
  const at = (level: string) => (_: unknown, text: string) => seen.push([level, text])
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Logger
  return { output: new PluginOutput(log), seen }
}

describe('PluginOutput', () => {
  it.each([
    ['WARNING wrapper:init:12 low memory', 'warn'],
    ['2022-11-15 root:wrapperInit:119 - ERROR:  no Wrapper', 'error'],
    ['[DEBUG] loading', 'debug'],
    ['INFO ready', 'info'],
    ['the INFORMATION desk', 'info'],
    ['{"@level":"warn","@message":"low memory"}', 'warn'],
    ['{"@message":"x","@level":"trace"}', 'debug'],
    ['plain print', 'info'],
  ])('logs %j at %s', (line, level) => {
    const { output, seen } = collect()
    output.add('stderr', line)
    expect(seen).toEqual([[level, line]])
  })

  it('logs a traceback as errors up to the line that names the exception', () => {
    const { output, seen } = collect()
    for (const line of ['Traceback (most recent call last):', '  File "w.py", line 1', 'ValueError: no', 'next']) {
      output.add('stderr', line)
    }
    expect(seen.map(([level]) => level)).toEqual(['error', 'error', 'error', 'info'])
  })

  it('puts a line to the request that its SDK marks it with', () => {
    const seen: unknown[] = []
    const log = { error: (fields: unknown, text: string) => seen.push(fields, text) } as unknown as Logger
    new PluginOutput(log).add('stderr', 'ERROR [sid=e72c-1] wrapper:exec:12 no such file')
    expect(seen).toEqual([{ stream: 'stderr', sid: 'e72c-1' }, 'ERROR wrapper:exec:12 no such file'])
  })

  it('keeps the last 20 lines', () => {
    const { output } = collect()
    for (let line = 1; line <= 30; line += 1) output.add('stdout', `line ${line}`)
    expect(output.last).toHaveLength(20)
    expect(output.last[0]).toBe('line 11')
  })
})
