import type { Logger } from 'pino'
import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult, InferenceService, RequestContext } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import type { Accept, Payload } from '../../core/payload.js'
import { checkNamedApp } from '../shared/named-app.js'
import { resourceIds } from '../shared/resource-ids.js'
import {
  type AseBody,
  appIdOf,
  decodeParameters,
  decodePayloads,
  encodeResult,
  parseBody,
  plainOrBase64,
} from './codec.js'
import { encodeFrameResult } from './frame-codec.js'
import type { ModelPaths } from './model-paths.js'
import { SchemaCheck } from './schema-check.js'
import { checkTextAccepts, decodeTexts, encodeTexts } from './text-charset.js'

export interface TranslatorOptions {
  readonly inference: Pick<InferenceService, 'models'>
  readonly paths: ModelPaths
  readonly log: Logger
  /** Header keys that are handed to wrappers as parameters (`[aiges] headerPass`). */
  readonly headerPass: readonly string[]
  /** Whether wrappers get and give plain UTF-8 whatever charset and compression clients use (`[aiges] normalizeText`). */
  readonly normalizeText: boolean
  /** What the texts of one request or frame together may inflate to, in bytes. */
  readonly maxInflatedBytes: number
}

/** What a request or a session asks of a model, without its data. */
export type Demand = Omit<InferenceRequest, 'payloads'>

/** Whose request it is, and how it is called. */
export type Caller = Pick<RequestContext, 'sid' | 'app'>

const NO_TEXTS: ReadonlyMap<Payload, string> = new Map()

/** Turns ASE messages into what the core understands, and results into ASE messages, as the options say. */
export class Translator {
  private readonly schemas: SchemaCheck

  constructor(private readonly options: TranslatorOptions) {
    this.schemas = new SchemaCheck(options.log)
  }

  /**
   * Decodes a complete request. Checks come in the order of the ASE protocol: JSON, payload, schema, service.
   * @param body a Buffer, or nothing when the request has none
   * @throws ServiceError with the reason of the first check that fails
   */
  async request(body: unknown, path: string, { sid, app }: Caller): Promise<InferenceRequest> {
    const parsed = parseBody(body)
    checkNamedApp(app, appIdOf(parsed.header), 'header.app_id')
    const payloads = await this.decodeTexts(decodePayloads(parsed))
    const model = this.modelAt(path)
    this.schemas.check(model, parsed)
    return { ...this.demandOf(model, parsed, sid), payloads }
  }

  /**
   * Decodes what the first frame of a session asks for. Its payloads are not held against the schema, which describes
   * a complete request.
   * @throws ServiceError `permission_denied`, `model_unknown` or `schema_violation`
   */
  demand(body: AseBody, path: string, { sid, app }: Caller): Demand {
    checkNamedApp(app, appIdOf(body.header), 'header.app_id')
    const model = this.modelAt(path)
    this.schemas.checkDemand(model, body)
    return this.demandOf(model, body, sid)
  }

  /** Turns the texts among payloads into plain UTF-8, if that is wanted. @throws ServiceError `payload_undecodable` */
  async decodeTexts(payloads: readonly Payload[]): Promise<readonly Payload[]> {
    return this.options.normalizeText ? decodeTexts(payloads, this.options.maxInflatedBytes) : payloads
  }

  /** Renders a result over HTTP. @param seq its number among those of its request, from 0 */
  async answer(result: InferenceResult, sid: string, seq = 0): Promise<string> {
    const texts = await this.encodeTexts(result)
    return encodeResult(result, sid, payload => texts.get(payload) ?? plainOrBase64(payload), seq)
  }

  /** Renders a result over WebSocket. @param seq its number among those of its session, from 1 */
  async message(result: InferenceResult, sid: string, seq: number, accepts: readonly Accept[]): Promise<string> {
    return encodeFrameResult(result, sid, seq, accepts, await this.encodeTexts(result))
  }

  private async encodeTexts({ payloads }: InferenceResult): Promise<ReadonlyMap<Payload, string>> {
    return this.options.normalizeText ? encodeTexts(payloads) : NO_TEXTS
  }

  private modelAt(path: string): ModelInfo {
    const { inference, paths } = this.options
    const models = inference.models()
    const model = paths.at(models, path)
    if (model !== undefined) return model
    const names = models.map(({ name }) => name).join(', ')
    throw new ServiceError('model_unknown', `no service at ${path}; there is ${names || 'none'}`)
  }

  private demandOf(model: ModelInfo, body: AseBody, sid: string): Demand {
    const { headerPass, normalizeText } = this.options
    const { parameters, accepts } = decodeParameters(body, { addressed: namesOf(model), headerPass, sid })
    if (normalizeText) checkTextAccepts(accepts, model.schema)
    const resources = resourceIds(body.header['res_id'])
    return { model: model.name, parameters, accepts, ...(resources.length > 0 && { resources }) }
  }
}

/** What clients may call a model in `parameter`; the name under which it is served goes before the wrapper's own. */
function namesOf({ name, schema }: ModelInfo): readonly string[] {
  return schema === undefined ? [name] : [schema.serviceId, name]
}
