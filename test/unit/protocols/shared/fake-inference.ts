import { REASONS, ServiceError } from '../../../../src/core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  SessionRequest,
} from '../../../../src/core/inference.js'
import type { ModelInfo, ModelSchema } from '../../../../src/core/model.js'
import { type Payload, Status } from '../../../../src/core/payload.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { DrivenSession } from './driven-session.js'

type Results = (request: InferenceRequest, ctx: RequestContext) => AsyncIterable<InferenceResult>
type Opened = (session: DrivenSession) => void | Promise<void>
type Answer = (request: InferenceRequest, ctx: RequestContext) => InferenceResult | Promise<InferenceResult>

/** An InferenceService whose models are what a test says, and whose answers come from a function. */
export class FakeInference implements InferenceService {
  readonly requests: InferenceRequest[] = []

  constructor(
    public served: ModelInfo[],
    public answer: Answer = () => resultOf(textOutput('ok')),
  ) {}

  /** The sessions so far. */
  readonly sessions: DrivenSession[] = []
  /** What `stream` gives. */
  results: Results = async function* () {
    yield { status: Status.end, payloads: [textOutput('ok')] }
  }
  /** What happens before a session is handed out; may throw. */
  opened: Opened = () => {}

  models(): readonly ModelInfo[] {
    return this.served
  }

  model(name: string, version?: string): ModelInfo {
    const found = name === '' ? this.served[0] : this.served.find(model => model.name === name)
    if (found === undefined) throw new ServiceError('model_unknown', REASONS.model_unknown.meaning)
    if (version === undefined) return found
    const known = found.versions.find(candidate => candidate.version === version)
    if (known === undefined) throw new ServiceError('version_unknown', REASONS.version_unknown.meaning)
    return { ...found, ...known }
  }

  async once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult> {
    this.requests.push(request)
    return this.answer(request, ctx)
  }

  stream(request: InferenceRequest, ctx: RequestContext): AsyncIterable<InferenceResult> {
    this.requests.push(request)
    return this.results(request, ctx)
  }

  async open(request: SessionRequest, ctx: RequestContext): Promise<DrivenSession> {
    const session = new DrivenSession(request, ctx)
    this.sessions.push(session)
    await this.opened(session)
    if (request.first) void session.write(request.first)
    return session
  }
}

export function modelInfo(name: string, schema?: ModelSchema): ModelInfo {
  const info: ModelInfo = modelInfoOf(name, { wrapperVersion: '1.0' })
  return schema === undefined ? info : { ...info, schema }
}

export function textOutput(text: string, attributes: Record<string, string> = {}): Payload {
  return { key: 'result', type: 'text', status: Status.once, attributes, data: Buffer.from(text) }
}

export function resultOf(...payloads: Payload[]): InferenceResult {
  return { status: Status.once, payloads }
}

const PICTURE = {
  type: 'object',
  properties: {
    encoding: { type: 'string', enum: ['jpg', 'png', 'bmp', 'jpeg'] },
    image: { type: 'string', minLength: 1, maxLength: 10_485_760 },
    status: { type: 'integer', enum: [3] },
  },
}

/** A schema as wrappers give them: an image in, a text out, two parameters, an app id that is required. */
export function mnistSchema(overrides: Partial<ModelSchema> = {}): ModelSchema {
  return {
    serviceId: 'mnist',
    version: '1.0',
    routes: ['/v1/private/mnist'],
    inputs: new Map([['img', 'image']]),
    outputs: new Map([
      ['result', { type: 'text', attributes: { encoding: 'utf8', compress: 'raw', format: 'plain' } }],
    ]),
    request: {
      type: 'object',
      properties: {
        header: {
          type: 'object',
          properties: { appid: { type: 'string', maxLength: 50 }, uid: { type: 'string', maxLength: 5 } },
          required: ['appid', 'uid'],
        },
        parameter: {
          type: 'object',
          properties: {
            mnist: {
              type: 'object',
              properties: {
                p1: { type: 'string', enum: ['3', 'eee'], defaultVal: '3' },
                p2: { type: 'string', minLength: 1, maxLength: 4, format: 'no-such-format' },
              },
              required: ['p1'],
            },
          },
          required: ['mnist'],
        },
        payload: { type: 'object', properties: { img: PICTURE }, required: ['img'] },
      },
    },
    response: {
      type: 'object',
      properties: {
        payload: {
          type: 'object',
          properties: {
            result: { type: 'object', properties: { seq: { type: 'integer' }, text: { type: 'string' } } },
          },
        },
      },
    },
    ...overrides,
  }
}
