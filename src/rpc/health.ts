import { HealthImplementation } from 'grpc-health-check'
import type { InferenceService } from '../core/inference.js'
import type { RpcServer } from './server.js'

export interface HealthOptions {
  readonly inference: Pick<InferenceService, 'models'>
  /** Calls back after every change of a model's readiness; returns the function that stops it. */
  readonly onReadinessChange: (listener: () => void) => () => void
}

/**
 * Serves grpc.health.v1: each model under its name, SERVING when a request that names no version would be served now,
 * and the daemon under the empty name, SERVING when a model is. Returns the function that says NOT_SERVING everywhere and follows no further change.
 */
export function serveHealth(server: RpcServer, { inference, onReadinessChange }: HealthOptions): () => void {
  const health = new HealthImplementation()
  const known = new Map<string, boolean>()

  const publish = (ready: ReadonlyMap<string, boolean>) => {
    for (const name of new Set([...known.keys(), ...ready.keys()])) {
      const serving = ready.get(name) ?? false
      if (known.get(name) === serving) continue
      known.set(name, serving)
      health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING')
    }
  }
  const refresh = () => {
    const models = inference.models()
    const any = models.some(model => model.readiness.ready)
    publish(new Map([...models.map(model => [model.name, model.readiness.ready] as const), ['', any]]))
  }

  refresh()
  const unsubscribe = onReadinessChange(refresh)
  health.addToServer({ addService: server.addWatchService })
  return () => {
    unsubscribe()
    publish(new Map())
  }
}
