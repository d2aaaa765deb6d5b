import { readFile } from 'node:fs/promises'
import { childrenOf, unlessGone } from './process-tree.js'

/** Resident memory of a process and all its descendants, in bytes; 0 where there is no /proc. Shared pages count in each. */
export async function treeMemory(pid: number): Promise<number> {
  const status = await unlessGone(readFile(`/proc/${pid}/status`, 'utf8'), '')
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  const below = await Promise.all((await childrenOf(pid)).map(treeMemory))
  return below.reduce((sum, bytes) => sum + bytes, own)
}
