import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { toServiceError } from '../../core/error.js'
import type { InferenceService, RequestContext } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { logFailure } from '../shared/failure.js'
import { type HttpFrontEnd, JSON_TYPE } from '../shared/http-front-end.js'
import { requestContext } from '../shared/request-context.js'
import { pathBelow } from '../shared/request-path.js'
import {
  decodeBinaryPicture,
  decodeFormPicture,
  decodeJsonPicture,
  encodeAnswer,
  type Findings,
  modelByMid,
  type Question,
  toFindings,
  toInferenceRequest,
} from './codec.js'
import { edgeBoardError, edgeBoardFailure } from './error-map.js'
import { edgeBoardOpenApi } from './openapi.js'
import { isOn, type PictureQuery, readMid, readQuery } from './query.js'

export interface EdgeBoardOptions {
  readonly inference: InferenceService
  /** Base path of the routes (`[protocols] edgeboardPath`). */
  readonly basePath: string
  readonly log: Logger
}

/** Takes the picture out of a request for one model, and what it says of `show`. */
type TakePicture = (request: FastifyRequest, query: PictureQuery) => Promise<{ picture: Buffer; show: unknown }>

/** The name in metrics and logs. */
const PROTOCOL = 'edgeboard'

/**
 * The EdgeBoard front-end: pictures in base64, as they are or in a form, for the model that `mid` numbers, or for
 * several at the same time.
 */
export function edgeBoardFrontEnd({ inference, basePath, log }: EdgeBoardOptions): HttpFrontEnd {
  const askOne = (take: TakePicture) => async (request: FastifyRequest, reply: FastifyReply) => {
    const query = readQuery(request.url, (request.params as { query?: string }).query)
    const { picture, show } = await take(request, query)
    const model = modelByMid(inference.models(), readMid(query))
    const question = { picture, show: isOn(show), parameters: query.parameters }
    return send(reply, await ask(inference, model, question, requestContext(reply, PROTOCOL)))
  }

  const askSeveral = async (request: FastifyRequest, reply: FastifyReply) => {
    const { show, parameters } = readQuery(request.url)
    const { picture, mids } = await decodeFormPicture(request.body, request.headers['content-type'])
    const models = mids.map(mid => modelByMid(inference.models(), mid))
    const question = { picture, show: isOn(show), parameters }
    const ctx = requestContext(reply, PROTOCOL)
    const answers = models.map(async model => {
      try {
        return { model_id: model.mid, ...(await ask(inference, model, question, ctx)) }
      } catch (thrown) {
        const error = toServiceError(thrown)
        const failure = edgeBoardFailure(error)
        logFailure(log, error, { sid: ctx.sid, method: request.method, path: request.url, code: failure.code })
        return { model_id: model.mid, ...failure }
      }
    })
    return send(reply, await Promise.all(answers))
  }

  return {
    protocol: PROTOCOL,
    basePaths: [basePath],
    routes: async app => {
      const routes = { base64: takeFromJson, binary: takeFromBody }
      for (const [name, take] of Object.entries(routes)) {
        // EdgeBoard's documents write `/mid=1` as well as `?mid=1`.
        for (const end of [name, `${name}/:query`]) app.post(pathBelow(basePath, end), askOne(take))
      }
      app.post(pathBelow(basePath, 'multipart'), askSeveral)
    },
    renderError: edgeBoardError,
    openApi: models => edgeBoardOpenApi(models, basePath),
  }
}

const takeFromJson: TakePicture = async ({ body }, query) => {
  const { picture, show = query.show } = decodeJsonPicture(body)
  return { picture, show }
}

const takeFromBody: TakePicture = async ({ body, headers }, { show }) => {
  return { picture: await decodeBinaryPicture(body, headers['content-type']), show }
}

async function ask(
  inference: InferenceService,
  model: ModelInfo,
  question: Question,
  ctx: RequestContext,
): Promise<Findings> {
  const result = await inference.once(toInferenceRequest(model, question, ctx.sid), ctx)
  try {
    return toFindings(result, question)
  } catch (thrown) {
    return alreadyCounted(thrown)
  }
}

function send(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.header('content-type', JSON_TYPE).send(encodeAnswer(data))
}
