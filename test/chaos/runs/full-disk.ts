import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aseHttp } from '../../helpers/scenario-ase.js'
import { Account } from '../account.js'
import type { ChaosRun, RunContext } from '../chaos-run.js'
import { startChaosDaemon } from '../daemon.js'
import { ask } from '../load.js'
import { within } from '../processes.js'

const DISK_KIB = 512
const PATIENCE_MS = 60_000

/** The disk of the log is full, then it is not; requests go on all the time, and so does the log afterwards. */
export const fullDisk: ChaosRun = {
  name: 'disk-full',
  async play(context) {
    const folder = mkdtempSync(join(tmpdir(), 'chaos-disk-'))
    try {
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KIB}k`, 'tmpfs', folder], {
        encoding: 'utf8',
      })
      if (mounted.status !== 0) {
        console.log(`left out, for want of a small disk: ${mounted.stderr || mounted.error}`)
        return []
      }
      try {
        return [await filled(folder, context)]
      } finally {
        execFileSync('umount', [folder])
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function filled(disk: string, { short }: RunContext): Promise<Account> {
  const account = new Account('disk-full')
  const daemon = await startChaosDaemon({ log: { file: join(disk, 'aiges.log') } })
  const filler = join(disk, 'filler')
  // Requests that fail are in the log.
  const send = (fault: string) => account.request(() => ask(daemon, aseHttp, { text: 'hello', fault }))
  const sendMany = async () => {
    for (let sent = 0; sent < (short ? 100 : 2000); sent += 1) await Promise.all([send(''), send('error')])
  }
  const says = async (text: string) => {
    const holds = () => daemon.process.log.some(({ msg }) => msg.startsWith(text))
    const shown = await within(PATIENCE_MS, async () => {
      await send('error')
      return holds()
    })
    if (!shown) account.notes.push(`the daemon never said that ${text}`)
  }

  await sendMany()
  fill(filler)
  await sendMany()
  await says('the log cannot be written to')
  rmSync(filler)
  await says('the log is written to')
  await sendMany()
  await daemon.end(account)
  return account.close()
}

/** Takes what is left of a disk. */
function fill(path: string): void {
  for (let bytes = DISK_KIB * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
