import type { ModelInfo } from '../../src/core/model.js'

/** A ready model in its only version; what `more` says goes before that. */
export function modelInfoOf(name: string, more: Partial<ModelInfo> = {}): ModelInfo {
  const readiness = more.readiness ?? { ready: true }
  const version = more.version ?? '1'
  return { name, version, versions: [{ version, readiness }], aliases: [], sessionIdleMs: 60_000, readiness, ...more }
}
