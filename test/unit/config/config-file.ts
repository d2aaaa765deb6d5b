import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DaemonConfig, ModelConfig } from '../../../src/config/daemon-config.js'
import { type LoadedConfig, loadConfig } from '../../../src/config/load-config.js'
import { ServiceError } from '../../../src/core/error.js'

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Loads a text as if it stood in a file called aiges.toml; other files of that folder by name. */
export function loadText(
  text: string,
  {
    service = 'svcName',
    env = {},
    files = {},
  }: { service?: string; env?: Record<string, string>; files?: Record<string, string> } = {},
): LoadedConfig {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries({ ...files, 'aiges.toml': text }))
    writeFileSync(join(folder, name), content)
  return loadConfig({ file: join(folder, 'aiges.toml'), service, env })
}

/** The message of the `misconfigured` error that loading the text throws, with the folder taken off the file names. */
export function errorOf(text: string, options: Parameters<typeof loadText>[1] = {}): string {
  try {
    loadText(text, options)
  } catch (error) {
    if (error instanceof ServiceError && error.reason === 'misconfigured')
      return error.message.replace(/\/\S*\/aiges\.toml/g, 'aiges.toml')
    throw error
  }
  throw new Error('expected the configuration to be refused')
}

/** The only model of a configuration. */
export function modelOf({ models: [model, ...others] }: DaemonConfig): ModelConfig {
  if (model === undefined || others.length > 0) throw new Error(`expected one model, not ${others.length + 1}`)
  return model
}
