import { createHmac } from 'node:crypto'

export interface SigningApp {
  readonly key: string
  readonly secret: string
}

export interface SignedRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  /** Default: now. */
  readonly date?: Date
}

/** What a client of iFlytek's web API sends with a request, in headers or in the query. */
export function sign({ key, secret }: SigningApp, { method, host, path, date: at = new Date() }: SignedRequest) {
  const date = at.toUTCString()
  const text = `host: ${host}\ndate: ${date}\n${method} ${path} HTTP/1.1`
  const signature = createHmac('sha256', secret).update(text).digest('base64')
  const parameters = [
    `api_key="${key}"`,
    'algorithm="hmac-sha256"',
    'headers="host date request-line"',
    `signature="${signature}"`,
  ]
  return { authorization: Buffer.from(parameters.join(', ')).toString('base64'), date, host }
}
