import { readdir, readFile } from 'node:fs/promises'

/** Resident memory of a process and all its descendants, in bytes; 0 where there is no /proc. Shared pages count in each. */
export async function treeMemory(pid: number): Promise<number> {
  const status = await unlessGone(readFile(`/proc/${pid}/status`, 'utf8'), '')
  const own = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  const below = await Promise.all((await childrenOf(pid)).map(treeMemory))
  return below.reduce((sum, bytes) => sum + bytes, own)
}

/** A child belongs to the thread that started it. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await unlessGone(readdir(`/proc/${pid}/task`), [])
  const lists = threads.map(thread => unlessGone(readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'), ''))
  return (await Promise.all(lists)).flatMap(list => list.split(' ').filter(Boolean).map(Number))
}

/** Processes come and go while they are looked at. */
async function unlessGone<T>(look: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await look
  } catch {
    return otherwise
  }
}
