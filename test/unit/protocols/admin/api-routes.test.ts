import { describe, expect, it } from 'vitest'
import type { AdminService } from '../../../../src/core/admin.js'
import { ServiceError } from '../../../../src/core/error.js'
import { adminApi } from '../../../../src/protocols/admin/api-routes.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { FakeInference } from '../shared/fake-inference.js'
import { frontEndServer } from '../shared/front-end-server.js'

const TOKEN = '0123456789abcdef'
const MODEL = modelInfoOf('m', { mid: 3, aliases: ['n'] })
const SHOWN = {
  name: 'm',
  version: '1',
  aliases: ['n'],
  mid: 3,
  ready: true,
  versions: [{ version: '1', ready: true }],
}

/** The API over a service that notes what it is asked for. */
function served(refusal?: ServiceError) {
  const asked: unknown[][] = []
  const note =
    (name: string) =>
    async (...parameters: unknown[]) => {
      asked.push([name, ...parameters])
      if (refusal) throw refusal
    }
  const admin: Parameters<typeof adminApi>[0]['admin'] = {
    setSlots: (...parameters: Parameters<AdminService['setSlots']>) => void asked.push(['slots', ...parameters]),
    load: note('load'),
    unload: note('unload'),
    reload: note('reload'),
  }
  const inference = new FakeInference([MODEL])
  const { server } = frontEndServer(inference, () => [adminApi({ inference, admin, token: TOKEN })])
  const ask = async (method: 'GET' | 'POST', url: string, body?: unknown, authorization = `Bearer ${TOKEN}`) => {
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
    return server.inject({ method, url: `/admin/${url}`, headers: { authorization }, ...payload })
  }
  return { ask, asked }
}

describe('the token', () => {
  it.each(['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`])(
    'nothing is done with %j instead',
    async authorization => {
      const { ask, asked } = served()
      const response = await ask('POST', 'models/m/unload', undefined, authorization)
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="aiservice admin"',
      ])
      expect(response.json()).toMatchObject({ error: { reason: 'unauthenticated' } })
      expect(response.body).not.toContain(TOKEN)
      expect(asked).toEqual([])
    },
  )
})

describe('the admin API', () => {
  it('lists the models with their versions, and shows one', async () => {
    const { ask } = served()
    expect((await ask('GET', 'models')).json()).toEqual({ models: [SHOWN] })
    expect((await ask('GET', 'models/m')).json()).toEqual(SHOWN)
    expect((await ask('GET', 'models/x')).json()).toMatchObject({ error: { reason: 'model_unknown' } })
  })

  it.each(['load', 'unload', 'reload'])('%s passes name and version on, and answers with the model', async change => {
    const { ask, asked } = served()
    expect((await ask('POST', `models/m/${change}`)).json()).toEqual(SHOWN)
    await ask('POST', `models/m/${change}?version=2`)
    expect(asked).toEqual([
      [change, 'm', undefined],
      [change, 'm', '2'],
    ])
  })

  it('changes slots', async () => {
    const { ask, asked } = served()
    expect((await ask('POST', 'models/m/slots', { slots: 8 })).json()).toEqual(SHOWN)
    expect(asked).toEqual([['slots', 'm', 8]])
  })

  it.each([
    [{}, 'parameter_missing'],
    [{ slots: 0 }, 'schema_violation'],
    [{ slots: 1.5 }, 'schema_violation'],
    [{ slots: '8' }, 'schema_violation'],
  ])('refuses %j as slots', async (body, reason) => {
    const { ask, asked } = served()
    const response = await ask('POST', 'models/m/slots', body)
    expect([response.statusCode, response.json().error.reason]).toEqual([400, reason])
    expect(asked).toEqual([])
  })

  it.each([
    ['misconfigured', 422],
    ['version_unknown', 404],
    ['not_ready', 503],
  ] as const)('answers %s with %i', async (reason, status) => {
    const { ask } = served(new ServiceError(reason, 'why'))
    const response = await ask('POST', 'models/m/load')
    expect([response.statusCode, response.json()]).toEqual([status, { error: { reason, message: 'why' } }])
  })

  it('answers unknown paths below it in its own form', async () => {
    const { ask } = served()
    expect((await ask('GET', 'nothing')).json()).toMatchObject({ error: { reason: 'path_unknown' } })
    expect((await ask('GET', 'models/m/load')).statusCode).toBe(405)
  })

  it('is described in a document that keeps to OpenAPI 3.0', async () => {
    const api = adminApi({ inference: new FakeInference([MODEL]), admin: {} as never, token: TOKEN })
    const document = openApiDocument([MODEL], api.openApi ? [api.openApi] : [])
    expect(await openApiFaults(document)).toEqual([])
  })
})
