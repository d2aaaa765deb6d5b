import { fileURLToPath } from 'node:url'
import type { Launch } from '../../src/plugin/launch.js'
import { bundledProgram } from './bundled-program.js'
import type { StartMode } from './fault-plugin.js'

const PLUGIN = bundledProgram('fault-plugin', fileURLToPath(new URL('./fault-plugin.ts', import.meta.url)))

export interface FaultLaunchOptions {
  readonly protocol?: 1 | 2
  readonly network?: 'unix' | 'tcp'
  readonly tls?: boolean
  readonly socketFolder: string
}

/** How the misbehaving plugin is started in a mode. */
export function faultLaunch(
  mode: StartMode,
  { protocol = 2, network = 'unix', tls = false, socketFolder }: FaultLaunchOptions,
): Launch {
  const args = [PLUGIN, mode, '--protocol', String(protocol), '--network', network]
  return {
    command: { file: process.execPath, args, text: `fault-plugin ${mode}` },
    cwd: process.cwd(),
    env: { PATH: process.env['PATH'] ?? '', PLUGIN_UNIX_SOCKET_DIR: socketFolder },
    interpreter: undefined,
    tls,
  }
}
