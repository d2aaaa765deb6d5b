import { describe, expect, it } from 'vitest'
import { documentRoutes } from '../../../../src/protocols/documents/routes.js'
import type { DescribePart } from '../../../../src/protocols/shared/openapi-document.js'
import { FakeInference, mnistSchema, modelInfo } from '../shared/fake-inference.js'
import { frontEndServer } from '../shared/front-end-server.js'

const describeModels: DescribePart = models => ({
  tags: [],
  paths: Object.fromEntries(models.map(({ name }) => [`/${name}`, {}])),
})

function served(inference = new FakeInference([modelInfo('svcName', mnistSchema())])) {
  const { server } = frontEndServer(inference, () => [])
  server.register(documentRoutes, { inference, parts: [describeModels] })
  return server
}

describe('the documents', () => {
  it('/ leads to Swagger UI, whose page and parts are there and may be loaded over plain HTTP', async () => {
    const server = served()
    expect((await server.inject('/')).headers.location).toBe('/swagger/')
    const page = await server.inject('/swagger/')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'self'")
    expect(page.headers['content-security-policy']).not.toContain('upgrade-insecure-requests')
    const parts = [...page.body.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, path]) => `/swagger${path}`)
    expect(parts.length).toBeGreaterThan(4)
    for (const part of parts) expect((await server.inject(part)).statusCode, part).toBe(200)
    expect((await server.inject('/swagger/static/swagger-initializer.js')).body).toContain('"validatorUrl":null')
  })

  it('Swagger UI shows the document of /openapi.json, as it is now', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const server = served(inference)
    const before = (await server.inject('/openapi.json')).json()
    inference.served = [modelInfo('other', mnistSchema())]
    const after = (await server.inject('/openapi.json')).json()
    expect(Object.keys(before.paths)).toEqual(['/svcName'])
    expect(Object.keys(after.paths)).toEqual(['/other'])
    expect((await server.inject('/swagger/json')).json()).toEqual(after)
  })

  it('HEAD on a part of Swagger UI says how long it is, and a client that has the part gets it only once', async () => {
    const server = served()
    const url = '/swagger/static/swagger-ui.css'
    const { headers, rawPayload } = await server.inject(url)
    const head = await server.inject({ method: 'HEAD', url })
    expect(head).toMatchObject({ statusCode: 200, payload: '' })
    expect(head.headers['content-length']).toBe(String(rawPayload.length))
    const again = await server.inject({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect(again.statusCode).toBe(304)
    // Caches take what it says for what they have.
    expect(again.headers['content-type']).toBe(headers['content-type'])
  })

  it.each(['/swagger/static/nothing.js', '/swagger/static/..%2f..%2fpackage.json', '/swagger/static/*'])(
    '%s is 404',
    async path => {
      expect((await served().inject(path)).statusCode).toBe(404)
    },
  )

  it('POST on a document is 405', async () => {
    const response = await served().inject({ method: 'POST', url: '/openapi.json' })
    expect(response.statusCode).toBe(405)
    expect(response.headers.allow).toBe('GET, HEAD')
  })
})
