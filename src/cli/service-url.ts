import { usageError } from './exit-codes.js'

/** Where a command finds a service. */
export interface ServiceAddress {
  /** `-u`: where the daemon's HTTP listens, default `http://127.0.0.1:1888`; the scheme may be left out. */
  readonly url?: string
  /** `--base-path`: the daemon's `[protocols] asePath`, default `/v1`. */
  readonly basePath?: string
}

/**
 * Where a service takes ASE requests.
 * @throws CommandError when `url` is no URL
 */
export function serviceUrl({ url = 'http://127.0.0.1:1888', basePath = '/v1' }: ServiceAddress, service: string): URL {
  const withScheme = url.includes('://') ? url : `http://${url}`
  if (!/^https?:/i.test(withScheme) || !URL.canParse(withScheme))
    throw usageError(`-u: found "${url}", allowed: a URL such as http://127.0.0.1:1888`)
  const path = [...basePath.split('/'), encodeURIComponent(service)].filter(part => part !== '').join('/')
  return new URL(path, withScheme.replace(/\/*$/, '/'))
}
