import { beforeEach, describe, expect, it, vi } from 'vitest'
import { documentRoutes } from '../../../../src/protocols/documents/routes.js'
import { swaggerPage } from '../../../../src/protocols/documents/swagger-page.js'
import { FakeInference, modelInfo } from '../shared/fake-inference.js'
import { frontEndServer } from '../shared/front-end-server.js'

vi.mock(import('../../../../src/protocols/documents/swagger-page.js'), async load => {
  const actual = await load()
  return { swaggerPage: vi.fn(actual.swaggerPage) }
})

function served(inference = new FakeInference([modelInfo('svcName')])) {
  const { server } = frontEndServer(inference, () => [])
  server.register(documentRoutes, { inference, parts: [() => ({ tags: [], paths: {} })] })
  return server
}

describe('Swagger UI that is loaded late', () => {
  beforeEach(() => vi.mocked(swaggerPage).mockClear())

  it('is made once for all requests', async () => {
    const server = served()
    const answers = await Promise.all(['/swagger/', '/swagger/', '/swagger/json'].map(url => server.inject(url)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
    expect(swaggerPage).toHaveBeenCalledTimes(1)
  })

  it('holds a file once, however many clients have asked for it and do not read', async () => {
    const page = await swaggerPage(() => ({}))
    const file = 'static/swagger-ui-bundle.js'
    const [first, ...others] = await Promise.all([file, file, file].map(page))
    expect(first?.body.length).toBeGreaterThan(1_000_000)
    for (const other of [...others, await page(file)]) expect(other?.body).toBe(first?.body)
  })

  it.each([
    'static/./swagger-ui.css',
    'static//swagger-ui.css',
    'static/../static/swagger-ui.css',
    'static\\swagger-ui.css',
    'static',
  ])('knows a file by one name: %s is none', async path => {
    const page = await swaggerPage(() => ({}))
    expect(await page(path)).toBeUndefined()
  })

  it('is loaded again for the next request when it could not be loaded', async () => {
    const server = served()
    vi.mocked(swaggerPage).mockRejectedValueOnce(new Error('too many open files'))
    expect((await server.inject('/swagger/')).statusCode).toBe(500)
    expect((await server.inject('/swagger/')).statusCode).toBe(200)
  })

  it('says nothing of what went wrong in it, as other paths', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const server = served(inference)
    vi.spyOn(inference, 'models').mockImplementation(() => {
      throw new Error('/srv/secret')
    })
    const [page, document] = await Promise.all(['/swagger/json', '/openapi.json'].map(url => server.inject(url)))
    expect(page?.statusCode).toBe(500)
    expect(page?.body).not.toContain('/srv/secret')
    expect(page?.json()).toEqual(document?.json())
  })
})
