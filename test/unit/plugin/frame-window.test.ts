import { describe, expect, it } from 'vitest'
import { FrameWindow } from '../../../src/plugin/frame-window.js'

/** The window of a session, and how many of the frames that were put in one after the other have entered. */
function setUp() {
  const window = new FrameWindow()
  let entered = 0
  let last: Promise<void> = Promise.resolve()
  const put = (bytes: number, frames = 1) => {
    for (let frame = 0; frame < frames; frame += 1) {
      last = last.then(async () => {
        if (!window.enter(bytes)) await window.room(bytes)
        entered += 1
      })
    }
  }
  return { window, put, entered: () => entered, settled: () => last }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('FrameWindow', () => {
  it('lets frames in up to 256 KiB, and further ones when the wrapper took those before', async () => {
    const { window, put, entered, settled } = setUp()
    put(60_000, 6)
    await turn()
    expect(entered()).toBe(4)
    window.taken(1)
    await turn()
    expect(entered()).toBe(5)
    window.taken(3)
    await settled()
    expect(entered()).toBe(6)
  })

  it('lets a frame that is larger in alone', async () => {
    const { window, put, entered } = setUp()
    put(1)
    put(1 << 20)
    put(1)
    await turn()
    expect(entered()).toBe(1)
    window.taken(1)
    await turn()
    expect(entered()).toBe(2)
    window.taken(1)
    await turn()
    expect(entered()).toBe(3)
  })

  it('counts frames without data, too', async () => {
    const { put, entered } = setUp()
    put(0, 10_000)
    await turn()
    expect(entered()).toBe(1024)
  })

  it('lets whoever waits go on when it is closed', async () => {
    const { window, put, settled } = setUp()
    put(1 << 20, 2)
    window.close()
    await settled()
    expect(window.enter(1)).toBe(false)
  })

  it('is not confused by a plugin that takes what was never sent', async () => {
    const { window, put, entered } = setUp()
    window.taken(7)
    put(200_000, 2)
    await turn()
    expect(entered()).toBe(1)
  })
})
