import { describe, expect, it } from 'vitest'
import type { HostBatch } from '../../../src/gen/plugin/aiges/plugin/v2/HostBatch.js'
import { BatchWriter } from '../../../src/plugin/batch-writer.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

function setUp() {
  const written: number[][] = []
  let ready = true
  const stream = {
    write(batch: HostBatch) {
      written.push((batch.messages ?? []).map(({ id }) => id ?? 0))
      return ready
    },
    close() {},
  }
  const block = (blocked: boolean) => {
    ready = !blocked
  }
  return { writer: new BatchWriter(stream), written, block }
}

describe('BatchWriter', () => {
  it('knows what a peer that is gone cannot have read', async () => {
    const { writer, written } = setUp()
    writer.add({ id: 1 }, 10)
    await turn()
    writer.add({ id: 2 }, 10)
    writer.add({ id: 3 }, 10)
    await turn()
    expect([...writer.unread()]).toEqual([])
    writer.ended(true)
    writer.add({ id: 4 }, 10)
    await turn()
    expect([...writer.unread()]).toEqual([2, 3, 4])
    expect(written).toEqual([[1], [2, 3]])
  })

  it('takes what was written before an ordinary end as read', async () => {
    const { writer } = setUp()
    writer.add({ id: 1 }, 10)
    await turn()
    writer.ended(false)
    expect([...writer.unread()]).toEqual([])
  })

  it('sends what came up in one turn of the event loop as one batch', async () => {
    const { writer, written } = setUp()
    writer.add({ id: 1 }, 10)
    writer.add({ id: 2 }, 10)
    await turn()
    writer.add({ id: 3 }, 10)
    await turn()
    expect(written).toEqual([[1, 2], [3]])
  })

  it('does not gather more than 1 MiB', async () => {
    const { writer, written } = setUp()
    writer.add({ id: 1 }, 900_000)
    writer.add({ id: 2 }, 900_000)
    writer.add({ id: 3 }, 5_000_000)
    await turn()
    expect(written).toEqual([[1], [2], [3]])
  })

  it('writes nothing while the peer does not read, and everything in order afterwards', async () => {
    const { writer, written, block } = setUp()
    block(true)
    writer.add({ id: 1 }, 10)
    await turn()
    writer.add({ id: 2 }, 10)
    await turn()
    expect(written).toEqual([[1]])
    block(false)
    writer.drained()
    writer.add({ id: 3 }, 10)
    await turn()
    expect(written).toEqual([[1], [2], [3]])
  })
})
