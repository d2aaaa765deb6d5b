import { ServiceError } from '../../core/error.js'

/** What the path of a request names. */
export interface ModelUrl {
  readonly model: string
  /** Absent: the newest. */
  readonly version?: string
  readonly method: string
}

/** Past the largest version number of MindSpore Serving. */
const VERSION_LIMIT = 2 ** 32 - 1

/**
 * Reads `/model/<name>[/version/<n>]:<method>` or `/version/<n>/model/<name>:<method>`.
 * @param path as it was sent, still percent-encoded, without the base path and the query
 * @throws ServiceError `path_unknown` with the wording of MindSpore Serving
 */
export function parseModelUrl(path: string): ModelUrl {
  const colon = path.lastIndexOf(':')
  const place = colon < 0 ? path : path.slice(0, colon)
  const named = new Map<string, string>()
  const parts = place.split('/').filter(part => part !== '')
  for (let index = 0; index < parts.length; index += 2) {
    const [keyword = '', value = ''] = parts.slice(index, index + 2)
    if ((keyword !== 'model' && keyword !== 'version') || named.has(keyword)) {
      // Anything else in the place of the model is told as such first.
      if (!parts.includes('model')) throw check('the keyword:[model] must contain.')
      throw check(`'${keyword}' must not be there.`)
    }
    named.set(keyword, decode(value))
  }
  const model = named.get('model') ?? ''
  if (model === '') throw check('the keyword:[model] must contain.')
  const version = readVersion(named.get('version'))
  const method = colon < 0 ? '' : decode(path.slice(colon + 1))
  if (method === '') throw check('the keyword:[service method] must contain.')
  return { model, method, ...(version !== undefined && { version }) }
}

/** Version 0 stands for the newest. */
function readVersion(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (!/^-?\d+$/.test(text)) {
    throw check(`the keyword:[version] value invalid, request version number ${text}`)
  }
  const version = Number(text)
  if (version < 0 || version >= VERSION_LIMIT) {
    throw check(`version number range failed, request version number ${text}`)
  }
  return version === 0 ? undefined : String(version)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw check(`'${part}' cannot be decoded.`)
  }
}

function check(what: string): ServiceError {
  return new ServiceError('path_unknown', `please check url, ${what}`)
}
