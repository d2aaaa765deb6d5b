import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { runCommandLine } from '../../../src/cli/program.js'
import type { Terminal } from '../../../src/cli/terminal.js'

/** Makes a fresh folder the working directory until the test is over. */
export function enterTemporaryFolder(): string {
  const before = process.cwd()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'aiservice-cli-')))
  process.chdir(folder)
  onTestFinished(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** A terminal that keeps what is written to it. */
export function recordingTerminal(env: Terminal['env'] = {}): Terminal & { stdout: string; stderr: string } {
  return {
    stdout: '',
    stderr: '',
    env,
    out(text) {
      this.stdout += text
    },
    err(text) {
      this.stderr += text
    },
  }
}

/** Runs a command line in this process. */
export async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const terminal = recordingTerminal()
  const code = await runCommandLine(args, terminal)
  return { code, stdout: terminal.stdout, stderr: terminal.stderr }
}
