import { ServiceError } from '../../core/error.js'

/** What the query of a request says. */
export interface PictureQuery {
  /** Number of the model, as it was written; absent where it is not named. */
  readonly mid?: string
  readonly show: unknown
  /** Everything else, for the wrapper. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Reads the query of a request target. EdgeBoard's documents separate its members by `?` as well as by `&`, and write
 * `/mid=1` for `?mid=1`.
 * @param rest what the route does not match itself, such as `mid=1`; default: nothing
 * @throws ServiceError `schema_violation` when a member comes twice
 */
export function readQuery(target: string, rest = ''): PictureQuery {
  const start = target.indexOf('?')
  const written = start < 0 ? '' : target.slice(start + 1).replaceAll('?', '&')
  const members = new Map<string, string>()
  for (const [name, value] of [...new URLSearchParams(rest), ...new URLSearchParams(written)]) {
    if (members.has(name)) throw new ServiceError('schema_violation', `${name}: is given twice in the query`)
    members.set(name, value)
  }
  const { mid, show, ...parameters } = Object.fromEntries(members)
  return { ...(mid !== undefined && { mid }), show, parameters }
}

/** Whether a value switches `show` on: true, "true", 1 and "1" do, anything else does not. */
export function isOn(value: unknown): boolean {
  return value === true || value === 1 || value === 'true' || value === '1'
}

/**
 * The number of the one model that a query names.
 * @throws ServiceError `parameter_missing`, `schema_violation`
 */
export function readMid({ mid }: PictureQuery): number {
  if (mid === undefined) throw new ServiceError('parameter_missing', 'mid: is missing; it is the number of the model')
  if (!/^\d{1,15}$/.test(mid)) throw new ServiceError('schema_violation', 'mid: must be the number of a model')
  return Number(mid)
}

/**
 * The numbers of the models in the field `mids` of a form.
 * @throws ServiceError `parameter_missing`, `schema_violation`
 */
export function readMids(text: string | undefined): readonly number[] {
  if (text === undefined) throw new ServiceError('parameter_missing', 'the form has no field mids, such as [0,1]')
  const mids = parseJson(text)
  if (Array.isArray(mids) && mids.length > 0 && mids.every(isMid) && new Set(mids).size === mids.length) return mids
  throw new ServiceError('schema_violation', 'mids: must be a list of model numbers, such as [0,1], each of them once')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isMid(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
