import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { HttpFrontEnd } from '../../../../src/protocols/shared/http-front-end.js'
import { FakeInference } from './fake-inference.js'
import { type FrontEndServerOptions, frontEndServer } from './front-end-server.js'

/** A front-end that answers every error with its own name and the reason. */
function frontEnd(protocol: string, basePaths: string[], more: Partial<HttpFrontEnd> = {}): HttpFrontEnd {
  return {
    protocol,
    basePaths,
    routes: async app => {
      for (const base of basePaths) app.post(`${base}/items/:id`, async () => ({ by: protocol }))
    },
    renderError: ({ reason }) => ({ body: JSON.stringify({ by: protocol, reason }) }),
    ...more,
  }
}

const serverOf = (frontEnds: HttpFrontEnd[], options?: FrontEndServerOptions) =>
  frontEndServer(new FakeInference([]), () => frontEnds, options)

describe('a front-end below its base path', () => {
  it.each([
    ['GET', '/a', 404, 'a', 'path_unknown'],
    ['GET', '/a/nothing?x=1', 404, 'a', 'path_unknown'],
    ['GET', '/a/%zz', 404, 'a', 'path_unknown'],
    ['POST', '/a/items/1/2', 404, 'a', 'path_unknown'],
    ['PROPFIND', '/a/items/1', 405, 'a', 'method_not_allowed'],
    ['GET', '/a/items/1', 405, 'a', 'method_not_allowed'],
    ['POST', '/a/b/nothing', 404, 'b', 'path_unknown'],
    ['GET', '/second/nothing', 404, 'b', 'path_unknown'],
    ['GET', '/a/bb', 404, 'a', 'path_unknown'],
  ] as const)('answers %s %s itself: %d', async (method, url, status, by, reason) => {
    const { server } = serverOf([frontEnd('a', ['/a']), frontEnd('b', ['/a/b', '/second'])])
    const response = await server.inject({ method: method as 'GET', url })
    expect(response.statusCode).toBe(status)
    expect(response.json()).toEqual({ by, reason })
    expect(response.headers.allow).toBe(status === 405 ? 'POST' : undefined)
  })

  it.each(['/a/items/1', '/a/nothing'])('answers a body past the limit itself: %s', async url => {
    const { server } = serverOf([frontEnd('a', ['/a'])], { bodyLimitBytes: 10 })
    const response = await server.inject({ method: 'POST', url, payload: 'x'.repeat(11) })
    expect(response.statusCode).toBe(413)
    expect(response.json()).toEqual({ by: 'a', reason: 'message_too_large' })
  })

  it('is told how large a body may be', async () => {
    const outspoken = frontEnd('a', ['/a'], { renderError: ({ message }) => ({ body: JSON.stringify({ message }) }) })
    const { server } = serverOf([outspoken], { bodyLimitBytes: 10 })
    const response = await server.inject({ method: 'POST', url: '/a/items/1', payload: 'x'.repeat(11) })
    expect(response.json().message).toBe('the body is larger than 10 bytes ([http] bodyLimitMiB)')
  })

  it('has a scope of its own: its hooks see no request to another', async () => {
    const seen: string[] = []
    const hooked = frontEnd('a', ['/a'], {
      routes: async app => {
        app.addHook('onRequest', async ({ url }) => void seen.push(url))
        app.get('/a/x', async () => 'x')
      },
    })
    const { server } = serverOf([hooked, frontEnd('b', ['/b'])])
    await server.inject({ method: 'POST', url: '/b/items/1' })
    await server.inject('/a/x')
    expect(seen).toEqual(['/a/x'])
  })
})

describe('an error', () => {
  const fails = (error: unknown) =>
    frontEnd('a', ['/a'], {
      routes: async app => {
        app.get('/a/x', () => {
          throw error
        })
      },
      renderError: ({ message }) => ({ http: 418, body: JSON.stringify({ message }), code: 77 }),
    })

  it("has the front-end's own status, is logged with its code and reported once", async () => {
    const { server, logged, refused } = serverOf([fails(new ServiceError('no_slot', 'full'))])
    const response = await server.inject('/a/x')
    expect(response.statusCode).toBe(418)
    expect(response.headers['retry-after']).toBe('1')
    expect(logged()).toMatchObject([{ reason: 'no_slot', code: 77, method: 'GET', path: '/a/x', msg: 'full' }])
    expect(refused).toEqual([[undefined, 'no_slot']])
  })

  it('that nobody foresaw has a fixed text, and its cause is in the log', async () => {
    const { server, logged } = serverOf([fails(new TypeError('secret'))])
    expect((await server.inject('/a/x')).json()).toEqual({ message: 'internal error' })
    expect(logged()).toMatchObject([{ level: 50, err: { message: 'secret' } }])
  })
})

it('takes no QUERY, and says what it takes', async () => {
  const refusal = await serverOf([frontEnd('b', ['/b'])]).server.inject({ method: 'QUERY', url: '/b/items/1' })
  expect(refusal.json()).toEqual({ by: 'b', reason: 'method_not_allowed' })
  expect(refusal.headers.allow).toBe('POST')
})

describe('what belongs to no front-end', () => {
  it('is answered with a plain error', async () => {
    const response = await serverOf([frontEnd('a', ['/a'])]).server.inject('/elsewhere')
    expect(response.statusCode).toBe(404)
    expect(response.json()).toEqual({ error: 'no such path: /elsewhere' })
  })

  it('is answered by the one whose base path is the root, if there is one', async () => {
    const response = await serverOf([frontEnd('a', ['/a']), frontEnd('b', ['/'])]).server.inject('/elsewhere')
    expect(response.json()).toEqual({ by: 'b', reason: 'path_unknown' })
  })
})

describe('paths that become known late', () => {
  const late = frontEnd('late', ['/late'], {
    latePaths: {
      modelAt: path => (path === '/a/model' ? 'm' : undefined),
      post: async () => ({ by: 'late' }),
    },
  })

  it('go before the base paths of others', async () => {
    const { server, refused } = serverOf([frontEnd('a', ['/a']), late])
    expect((await server.inject({ method: 'POST', url: '/a/model' })).json()).toEqual({ by: 'late' })
    const refusal = await server.inject({ method: 'PUT', url: '/a/model' })
    expect(refusal.json()).toEqual({ by: 'late', reason: 'method_not_allowed' })
    expect(refusal.headers.allow).toBe('POST')
    expect(refused).toEqual([['m', 'method_not_allowed']])
  })

  it('go before the wildcards of others, which keep the rest', async () => {
    const greedy = frontEnd('a', ['/a'], {
      routes: async app => {
        app.all('/a/*', async () => ({ by: 'a' }))
      },
    })
    const { server } = serverOf([greedy, late])
    expect((await server.inject({ method: 'POST', url: '/a/model?x=1' })).json()).toEqual({ by: 'late' })
    expect((await server.inject({ method: 'POST', url: '/a/other' })).json()).toEqual({ by: 'a' })
  })
})
