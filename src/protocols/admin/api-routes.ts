import type { FastifyInstance } from 'fastify'
import type { AdminService } from '../../core/admin.js'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { markAccess } from '../shared/http-authentication.js'
import type { HttpFrontEnd } from '../shared/http-front-end.js'
import { parseJsonObject } from '../shared/json-body.js'
import { describeModel } from './codec.js'
import { adminError } from './error-map.js'
import { adminOpenApi } from './openapi.js'
import { bearerCheck } from './token.js'

export interface AdminApiOptions {
  readonly inference: Pick<InferenceService, 'models' | 'model'>
  readonly admin: Pick<AdminService, 'setSlots' | 'load' | 'unload' | 'reload'>
  /** What every caller has to send (`[admin] token`). */
  readonly token: string
}

/** Where the API is. */
const ADMIN_PATH = '/admin'

interface ModelRequest {
  Params: { name: string }
  Querystring: { version?: string }
}

/** What a POST does; `body` as it came. */
type Change = (model: string, version: string | undefined, body: unknown) => Promise<void>

/** The admin API: lists models, loads, unloads and reloads them, and changes their slots. Answers once it is done. */
export function adminApi({ inference, admin, token }: AdminApiOptions): HttpFrontEnd {
  const changes: Readonly<Record<string, Change>> = {
    load: (model, version) => admin.load(model, version),
    unload: (model, version) => admin.unload(model, version),
    reload: (model, version) => admin.reload(model, version),
    slots: async (model, _version, body) => admin.setSlots(model, slotsOf(body)),
  }
  return {
    protocol: 'admin',
    basePaths: [ADMIN_PATH],
    routes: async (app: FastifyInstance) => {
      markAccess(app, 'own-token')
      app.addHook('onRequest', bearerCheck(token))
      app.get(`${ADMIN_PATH}/models`, async () => ({ models: inference.models().map(describeModel) }))
      app.get<ModelRequest>(`${ADMIN_PATH}/models/:name`, async ({ params }) =>
        describeModel(inference.model(params.name)),
      )
      for (const [name, change] of Object.entries(changes)) {
        app.post<ModelRequest>(`${ADMIN_PATH}/models/:name/${name}`, async request => {
          const { params, query, body } = request
          await change(params.name, query.version, body)
          return describeModel(inference.model(params.name))
        })
      }
    },
    renderError: adminError,
    openApi: models => adminOpenApi(models, ADMIN_PATH),
  }
}

/** @throws ServiceError `body_not_json`, `parameter_missing`, `schema_violation` */
function slotsOf(body: unknown): number {
  const { slots } = parseJsonObject(body).json
  if (typeof slots === 'number' && Number.isSafeInteger(slots) && slots >= 1) return slots
  if (slots === undefined) throw new ServiceError('parameter_missing', 'slots: is missing; it is an integer from 1 on')
  throw new ServiceError('schema_violation', `slots: found ${JSON.stringify(slots)}, allowed: an integer from 1 on`)
}
