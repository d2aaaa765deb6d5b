import { pino } from 'pino'
import { afterAll, onTestFinished } from 'vitest'
import { createFrontEnds, type FrontEndOptions } from '../../src/front-ends.js'
import { createMetrics } from '../../src/telemetry/metrics.js'

const unused = async () => {}

/** What changes nothing. */
export const IDLE_ADMIN = {
  ...{ setSlots() {}, load: unused, unload: unused, reload: unused },
  ...{ loadResource: async () => '', unloadResource: unused },
}

// A server waits half a second for requests over connections that clients keep: beside the next test, not before it.
const ending: Promise<void>[] = []
afterAll(async () => void (await Promise.all(ending)))

/** Everything that listens, until the test is over; what a test does not say is not there or does nothing. */
export async function startFrontEnds(
  options: Pick<FrontEndOptions, 'config' | 'inference'> & Partial<FrontEndOptions>,
) {
  const frontEnds = createFrontEnds({
    ...{ version: '0', apps: undefined, identity: undefined, admin: IDLE_ADMIN },
    metrics: createMetrics({ version: '0' }),
    refusals: { add() {} },
    log: pino({ level: 'silent' }),
    abortAll() {},
    onReadinessChange: () => () => {},
    ...options,
  })
  const addresses = await frontEnds.listen()
  const stop = () => frontEnds.stop(0)
  onTestFinished(() => void ending.push(stop()))
  return { ...addresses, stop }
}
