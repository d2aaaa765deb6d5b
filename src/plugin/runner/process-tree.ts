import { readdir, readFile } from 'node:fs/promises'

/** The children of a process; none where there is no /proc. A child belongs to the thread that started it. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await unlessGone(readdir(`/proc/${pid}/task`), [])
  const lists = threads.map(thread => unlessGone(readFile(`/proc/${pid}/task/${thread}/children`, 'utf8'), ''))
  return (await Promise.all(lists)).flatMap(list => list.split(' ').filter(Boolean).map(Number))
}

/** Processes come and go while they are looked at. */
export async function unlessGone<T>(look: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await look
  } catch {
    return otherwise
  }
}
