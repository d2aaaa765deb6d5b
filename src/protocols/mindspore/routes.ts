import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceService, RequestContext } from '../../core/inference.js'
import { logFailure } from '../shared/failure.js'
import { type HttpFrontEnd, JSON_TYPE } from '../shared/http-front-end.js'
import { requestContext } from '../shared/request-context.js'
import { pathBelow } from '../shared/request-path.js'
import { encodeAnswer, encodeFailure, encodeInstance } from './answer.js'
import { mapAtMost } from './at-most.js'
import { mindSporeError, mindSporeMessage, NOT_ADMITTED } from './error-map.js'
import { inputsOf, toPayloads } from './instance-payloads.js'
import { parseModelUrl } from './model-url.js'
import { mindSporeOpenApi } from './openapi.js'
import { methodOf, readInstances } from './request.js'

export interface MindSporeOptions {
  readonly inference: InferenceService
  /** Base path, below which the paths begin with `/model` or `/version` (`[protocols] mindsporePath`). */
  readonly basePath: string
  /** Largest request body in bytes. */
  readonly bodyLimitBytes: number
  readonly log: Logger
}

/** The name in metrics and logs. */
const PROTOCOL = 'mindspore'

/** Instances of one request that run at the same time; more would fill the queue of the model. */
const MOST_AT_A_TIME = 32

/**
 * The front-end for clients of MindSpore Serving's REST interface. Each instance of a request is a request to the model
 * of its own; those that fail do so alone.
 */
export function mindSporeFrontEnd({ inference, basePath, bodyLimitBytes, log }: MindSporeOptions): HttpFrontEnd {
  // At the root only its own paths are at home here.
  const basePaths = basePath === '/' ? ['/model', '/version'] : [basePath]

  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.method !== 'POST') {
      reply.header('allow', 'POST')
      throw new ServiceError('method_not_allowed')
    }
    const ctx = requestContext(reply, PROTOCOL)
    const requests = decode(request, ctx.sid)
    const outcomes = await mapAtMost(MOST_AT_A_TIME, requests, run => runOne(run, ctx))
    const failures = outcomes.flatMap(outcome => (outcome.failure === undefined ? [] : [outcome.failure]))
    const [first] = failures
    if (first && failures.length === outcomes.length && failures.every(({ reason }) => NOT_ADMITTED.includes(reason))) {
      throw first
    }
    for (const { sid, failure } of outcomes) {
      if (failure) logFailure(log, failure, { sid, method: request.method, path: request.url })
    }
    return reply.header('content-type', JSON_TYPE).send(encodeAnswer(outcomes.map(({ json }) => json)))
  }

  const decode = (request: FastifyRequest, sid: string): readonly InferenceRequest[] => {
    const [path = '', query = ''] = request.url.split(/\?(.*)/s)
    const instances = readInstances(request.body)
    const url = parseModelUrl(basePath === '/' ? path : path.slice(basePath.length))
    const model = inference.model(url.model, url.version)
    // Known once it has been ready; what is to be done while it is not is the model's to say.
    if (!model.readiness.ready && model.abilities === undefined) {
      throw new ServiceError('not_ready', `${model.name}: ${model.readiness.why}`)
    }
    const method = methodOf(model, url.method)
    const inputs = inputsOf(model, method)
    const parameters = Object.fromEntries(new URLSearchParams(query))
    return instances.map((instance, index) => ({
      model: model.name,
      ...(url.version !== undefined && { version: url.version }),
      ...(method !== undefined && { method }),
      parameters: { ...parameters, sid: instances.length === 1 ? sid : `${sid}-${index}` },
      payloads: toPayloads(instance, inputs, `instances[${index}]`),
      accepts: [],
    }))
  }

  const runOne = async (run: InferenceRequest, ctx: RequestContext): Promise<Outcome> => {
    const sid = run.parameters['sid'] ?? ctx.sid
    try {
      return { sid, json: encodeInstance(await inference.once(run, { ...ctx, sid })) }
    } catch (thrown) {
      const failure = toServiceError(thrown)
      return { sid, json: encodeFailure(mindSporeMessage(failure)), failure }
    }
  }

  return {
    protocol: PROTOCOL,
    basePaths,
    routes: async app => {
      for (const base of basePaths) {
        for (const url of [base, pathBelow(base, '*')]) app.all(url, answer)
      }
    },
    renderError: error => mindSporeError(error, bodyLimitBytes),
    openApi: models => mindSporeOpenApi(models, basePath),
  }
}

/** What became of an instance. */
interface Outcome {
  readonly sid: string
  /** Its answer as JSON text, also when it failed. */
  readonly json: string
  readonly failure?: ServiceError
}
