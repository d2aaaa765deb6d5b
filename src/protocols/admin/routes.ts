import type { FastifyInstance } from 'fastify'
import type { InferenceService } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import { markAccess } from '../shared/http-authentication.js'

/** What `/metrics` needs of a metrics registry. */
export interface MetricsSource {
  readonly contentType: string
  render(): Promise<string>
}

export interface AdminOptions {
  readonly inference: Pick<InferenceService, 'models'>
  readonly metrics: MetricsSource
  /** Whether the daemon is shutting down, which makes it unready at once. */
  readonly isDraining: () => boolean
}

/**
 * Adds what operators ask: `/livez`, `/readyz` (200 when at least one model is ready, with the reason why others are not)
 * and `/metrics`.
 */
export async function adminRoutes(app: FastifyInstance, options: AdminOptions): Promise<void> {
  const { inference, metrics, isDraining } = options

  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  app.register(async probes => {
    markAccess(probes, 'probes')
    probes.get('/livez', async () => ({ live: true }))

    probes.get('/readyz', async (_request, reply) => {
      const models = inference.models()
      const draining = isDraining()
      const ready = !draining && models.some(model => model.readiness.ready)
      const reasons = Object.fromEntries(models.map(model => [model.name, describe(model)]))
      return reply.code(ready ? 200 : 503).send({ ready, draining, models: reasons })
    })
  })

  app.get('/metrics', { config: { access: 'metrics' } }, async (_request, reply) => {
    return reply.header('content-type', metrics.contentType).send(await metrics.render())
  })
}

/** Whether the model would take a request that names no version, and each of its versions by itself. */
function describe({ readiness, versions }: ModelInfo): object {
  return { ...readiness, versions: Object.fromEntries(versions.map(({ version, readiness }) => [version, readiness])) }
}
