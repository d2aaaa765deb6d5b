import { vi } from 'vitest'

/** As long as `expect.poll` is given in vitest.config.ts, in ms. */
const PATIENCE_MS = 10_000

// Vitest's default is one second, which a machine that others use may take for anything. A bound that is promised is
// given where it is tested.
const { waitFor } = vi
vi.waitFor = (look, options = {}) =>
  waitFor(look, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options })
