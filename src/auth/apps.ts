import { randomBytes } from 'node:crypto'
import { ServiceError } from '../core/error.js'
import { bearerToken } from './bearer-token.js'
import type { Credentials } from './credentials.js'
import { digestOf, isSecret } from './secret-text.js'
import { isSignedWith, parseSignature } from './signature.js'
import { TokenBucket } from './token-bucket.js'

/** Somebody who may send requests. */
export interface AppOptions {
  readonly id: string
  /** With `secret`: what its signatures are made with. */
  readonly key?: string
  readonly secret?: string
  readonly tokens: readonly string[]
  /** Names of the models that it may use; undefined: all. */
  readonly models?: readonly string[]
  /** Requests a second; undefined: no limit. */
  readonly rateLimit?: number
  /** Requests that may come at once after a pause; default: those of a second. */
  readonly burst?: number
  /** Requests and open sessions that it may have at once; undefined: no limit. */
  readonly maxInFlight?: number
}

/** Knows whose a request is, as a front-end needs it. */
export interface Authenticator {
  /** The id of the app that a request is from. @throws ServiceError `unauthenticated`; its text repeats no secret */
  identify(credentials: Credentials): string
  /** @param model the model's name @throws ServiceError `permission_denied` */
  authorize(app: string, model: string): void
}

interface App extends AppOptions {
  readonly tokenDigests: readonly Buffer[]
  readonly bucket: TokenBucket | undefined
}

/** The apps of a configuration. */
export class Apps implements Authenticator {
  #apps!: ReadonlyMap<string, App>
  /** How many requests and open sessions each app has. */
  readonly #inFlight = new Map<string, number>()
  /** Compared against where no app has the key, so that this takes as long. */
  readonly #nobodysSecret = randomBytes(16).toString('hex')

  constructor(
    options: readonly AppOptions[],
    private readonly now: () => number = Date.now,
  ) {
    this.replace(options)
  }

  /** From now on these apps count. Their rates begin anew; what they have in flight is theirs further on. */
  replace(options: readonly AppOptions[]): void {
    this.#apps = new Map(options.map(app => [app.id, toApp(app)]))
  }

  identify(credentials: Credentials): string {
    const { authorization } = credentials
    if (!authorization) {
      throw new ServiceError('unauthenticated', 'send "Authorization: Bearer <token>", or sign the request')
    }
    const token = bearerToken(authorization)
    const app = token === undefined ? this.#signer(authorization, credentials) : this.#holder(token)
    return app.id
  }

  authorize(app: string, model: string): void {
    const { models } = this.#find(app)
    if (models === undefined || models.includes(model)) return
    throw new ServiceError('permission_denied', `the app ${app} may not use ${model}`)
  }

  /**
   * Counts a request or session of an app.
   * @returns to be called when it has ended; further calls have no effect
   * @throws ServiceError `rate_limited`
   */
  admit(app: string): () => void {
    const { bucket, rateLimit, maxInFlight = Number.POSITIVE_INFINITY } = this.#find(app)
    if (this.#count(app) >= maxInFlight) {
      throw new ServiceError(
        'rate_limited',
        `the app ${app} has ${maxInFlight} requests and sessions in flight already`,
      )
    }
    if (bucket !== undefined && !bucket.take()) {
      throw new ServiceError('rate_limited', `the app ${app} has sent more than its ${rateLimit} requests a second`)
    }
    this.#inFlight.set(app, this.#count(app) + 1)
    let ended = false
    return () => {
      if (!ended) this.#inFlight.set(app, this.#count(app) - 1)
      ended = true
    }
  }

  #count(app: string): number {
    return this.#inFlight.get(app) ?? 0
  }

  #find(id: string): App {
    const app = this.#apps.get(id)
    if (app === undefined) throw new ServiceError('unauthenticated', `there is no app ${id} any more`)
    return app
  }

  /** Looks at all of them, whoever it is. */
  #holder(token: string): App {
    const holders = [...this.#apps.values()].filter(
      ({ tokenDigests }) => tokenDigests.filter(digest => isSecret(token, digest)).length > 0,
    )
    const [holder] = holders
    if (holder === undefined) throw new ServiceError('unauthenticated', 'no app has this token')
    return holder
  }

  #signer(authorization: string, credentials: Credentials): App {
    const signature = parseSignature(authorization)
    const apps = [...this.#apps.values()].filter(({ key, secret }) => key !== undefined && secret !== undefined)
    const [app] = apps.filter(({ key = '' }) => isSecret(signature.apiKey, digestOf(key)))
    const fits = isSignedWith(app?.secret ?? this.#nobodysSecret, signature, credentials, this.now())
    if (app !== undefined && fits) return app
    const line = `${credentials.method} ${credentials.path} HTTP/1.1`
    throw new ServiceError('unauthenticated', `api_key or signature are wrong; signed must be host, date and ${line}`)
  }
}

function toApp(options: AppOptions): App {
  const { tokens, rateLimit, burst = rateLimit } = options
  const bucket = rateLimit === undefined ? undefined : new TokenBucket(rateLimit, burst ?? rateLimit)
  return { ...options, tokenDigests: tokens.map(digestOf), bucket }
}
