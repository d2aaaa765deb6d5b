import type { DaemonProcess } from './daemon-process.js'

/** In bytes, after a collection. */
export interface Memory {
  /** Objects, and the buffers that they hold. */
  readonly live: number
  /** The whole process, with what V8 and malloc keep for later. */
  readonly resident: number
}

/** The environment of a daemon whose memory can be asked for. */
export const WITH_HEAP_PROBE = { NODE_OPTIONS: `--import ${new URL('heap-probe.mjs', import.meta.url)}` }

/** Has a daemon that was started `WITH_HEAP_PROBE` collect its garbage, and say what is left. */
export async function memoryOf({ child, log, line }: DaemonProcess): Promise<Memory> {
  const known = log.length
  child.kill('SIGUSR2')
  const { live, resident } = await line(entry => entry.msg === 'memory' && log.indexOf(entry) >= known)
  return { live: Number(live), resident: Number(resident) }
}
