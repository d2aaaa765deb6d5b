import type { z } from 'zod'
import type { AdmissionConfig } from './daemon-config.js'
import type { modelSlotsSection, sectionSchemas } from './sections.js'

/** The values of `[fc]`. */
export type FlowControl = z.infer<typeof sectionSchemas.fc>

/** What `[fc]`, and `[models.<key>.fc]` before it, say of the requests that a model takes. */
export function admissionOf(
  common: FlowControl,
  own: z.infer<typeof modelSlotsSection>,
  onceTimeoutMs: number,
): AdmissionConfig {
  const max = own.max ?? common.max
  const ttl = own.ttl ?? common.ttl
  const waiting = { queue: own.queue ?? common.queue, queueWaitMs: own.queueWaitMs ?? common.queueWaitMs }
  if (common.router === 'sessionManager') return { slots: max, ...waiting, sessionIdleMs: ttl, onceTimeoutMs }
  // Source: with this router the reference counts the requests of an interval, and nothing else.
  const rate = { requests: max, intervalMs: ttl }
  return { slots: MOST_SLOTS, rate, ...waiting, sessionIdleMs: SESSION_IDLE_MS, onceTimeoutMs }
}

/** More than any daemon has in flight. */
const MOST_SLOTS = 1_000_000

/** Default of `[fc] ttl`, where that says something else. */
const SESSION_IDLE_MS = 10_000
