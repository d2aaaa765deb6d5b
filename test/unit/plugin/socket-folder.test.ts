import { chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { createSocketFolder, removeStaleFolders } from '../../../src/plugin/socket-folder.js'

const parent = mkdtempSync(join(tmpdir(), 'folders-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

/** A socket on which nobody listens any more, as a killed process leaves it. */
async function deadSocket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>(listening => server.listen(`${path}.first`, listening))
  renameSync(`${path}.first`, path)
  await new Promise(closed => server.close(closed))
}

it('is for its owner alone, and goes when it is removed', () => {
  const folder = createSocketFolder(parent)
  const path = folder.path as string
  expect(statSync(path).mode & 0o777).toBe(0o700)
  folder.remove()
  expect(existsSync(path)).toBe(false)
})

it('is removed by the next daemon when its own was killed, and by nobody while that lives', async () => {
  const living = createSocketFolder(parent)
  const stale = join(parent, 'aiservice-stale')
  const foreign = [join(parent, 'aiservice-test'), join(parent, 'other'), join(parent, 'aiservice-of-another')]
  for (const path of [stale, ...foreign]) mkdirSync(path)
  await deadSocket(join(stale, 'daemon.sock'))
  await deadSocket(join(parent, 'other', 'daemon.sock'))
  // Only root can give a folder away.
  if (process.getuid?.() === 0) {
    await deadSocket(join(parent, 'aiservice-of-another', 'daemon.sock'))
    chownSync(join(parent, 'aiservice-of-another'), 65534, 65534)
  }
  await removeStaleFolders(parent)
  expect([stale, ...foreign, living.path as string].map(existsSync)).toEqual([false, true, true, true, true])
  living.remove()
})

it('is not looked for where folders cannot be seen', async () => {
  await expect(removeStaleFolders(join(parent, 'nothing-here'))).resolves.toBeUndefined()
})

it('shows its sign of life only when that can be reached, for others may look in any moment', () => {
  const { listen } = Server.prototype
  const signs: boolean[] = []
  const spy = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, path: unknown) {
    listen.call(this, String(path))
    signs.push(existsSync(join(dirname(String(path)), 'daemon.sock')))
    return this
  })
  const folder = createSocketFolder(parent)
  spy.mockRestore()
  signs.push(existsSync(join(folder.path as string, 'daemon.sock')))
  expect(signs).toEqual([false, true])
  folder.remove()
})
