import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pictureInfo } from '../../src/protocols/edgeboard/picture.js'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const example = (name: string) => join(ROOT, 'examples', name)
const SEVEN = readFileSync(join(ROOT, 'test/conformance/golden/seven.png'))
const ASTRONAUT = readFileSync(join(example('detect'), 'wrapper/test_data/astronaut.jpg'))
const b64 = (bytes: Buffer) => bytes.toString('base64')

/** The three examples in one daemon: digits in their second version, faces, and arithmetic. */
const MODELS = {
  'models.digits': { mid: 7, dir: example('mnist'), version: 2, concurrency: 2 },
  'models.faces': { mid: 0, dir: example('detect') },
  'models.math': { dir: example('tensors') },
}

let daemon: DaemonProcess
let http: string

beforeAll(async () => {
  daemon = startDaemonProcess({ cwd: ROOT, config: MODELS })
  ;({ http } = await daemon.ready)
})
afterAll(() => daemon?.stop())

async function post<T>(path: string, body: string | Buffer | FormData, headers: Record<string, string> = {}) {
  const response = await fetch(http + path, { method: 'POST', body, headers })
  return { status: response.status, body: (await response.json()) as T }
}

interface MindSporeAnswer {
  readonly instances: readonly { readonly result: string }[]
}

interface Findings {
  readonly model_id?: number
  readonly image: string
}

describe('MindSpore Serving', () => {
  const ask = (path: string, instances: unknown) => post<MindSporeAnswer>(path, JSON.stringify({ instances }))
  const digit = async (path: string) => {
    const { body } = await ask(path, { img: { b64: b64(SEVEN) } })
    return JSON.parse(body.instances[0]?.result ?? '')
  }

  it.each([
    '/model/digits:predict',
    '/model/digits/version/2:predict',
    '/version/2/model/digits:predict',
    '/model/digits/version/0:predict',
  ])('reads the seven at %s', async path => {
    expect(await digit(path)).toEqual({ result: 7, msg: '识别结果为数字: 7' })
  })

  it('answers a digit, a broken picture and a digit in their places', async () => {
    const seven = { img: { b64: b64(SEVEN), type: 'bytes' } }
    const { status, body } = await ask('/model/digits:predict', [seven, { img: 'no picture' }, seven])
    expect(status).toBe(200)
    const right = { result: expect.stringContaining('"result": 7') }
    expect(body).toEqual({ instances: [right, { error_msg: expect.stringContaining('(code 40003)') }, right] })
  })

  it.each([
    ['add', { x1: [[1.5, 2.5]], x2: [[1.0, 1.5]] }, { y: [[2.5, 4]] }],
    ['add', { x1: [[1, 2]], x2: [[3, 4]] }, { y: [[4, 6]] }],
    ['add_cast', { x1: [[1], [2]], x2: [[3], [4]] }, { y: [[4], [6]] }],
    ['not', { x: [true, false] }, { y: [false, true] }],
    ['plus_one', { x: [-1, 2147483646] }, { y: [0, 2147483647] }],
    ['plus_one', { x: 1 }, { y: [2] }],
    ['plus_one', { x: { b64: 'AQAAAAIAAAA=', type: 'int32', shape: [2] } }, { y: [2, 3] }],
    ['plus_one', { x: { b64: '', type: 'int32', shape: [0] } }, { y: [] }],
    ['concat', { x1: 'ab', x2: { b64: 'Y2Q=' } }, { y: [{ b64: 'YWJjZA==' }] }],
  ])('runs the method %s of a wrapper on %j', async (method, instance, outputs) => {
    // 1.0 has to be sent as such, which JSON.stringify does not do.
    const json = JSON.stringify({ instances: [instance] }).replace('[[1,1.5]]', '[[1.0,1.5]]')
    expect(await post(`/model/math:${method}`, json)).toEqual({ status: 200, body: { instances: [outputs] } })
  })

  it('runs the plain call of a wrapper that declares tensors', async () => {
    const row = Array.from({ length: 16 }, (_, index) => index)
    const { body } = await ask('/model/math:predict', { INPUT0: [row], INPUT1: [row] })
    expect(body).toEqual({ instances: [{ OUTPUT0: [row.map(n => 2 * n)], OUTPUT1: [row.map(() => 0)] }] })
  })

  it.each([
    ['/model/nobody:predict', { img: 'x' }, 404, 'servable is not available'],
    ['/model/digits/version/3:predict', { img: 'x' }, 404, 'servable is not available'],
    ['/model/math:nothing', { x: 1 }, 404, 'method is not available'],
    ['/model/digits:predict', { picture: 'x' }, 400, 'there is img'],
    ['/model/math:plus_one', { x: [1.5] }, 400, 'its datatype is FP32, but the model takes INT32'],
    ['/model/math:plus_one', { x: [2147483648] }, 400, 'INT32 takes a whole number from -2147483648 to 2147483647'],
    ['/model/math:add', { x1: [[1]] }, 400, "must have the input 'x2'"],
  ])('refuses %s with %j', async (path, instance, status, text) => {
    const answer = await ask(path, [instance])
    expect(answer).toEqual({ status, body: { error_msg: expect.stringContaining(text) } })
  })
})

describe('EdgeBoard', () => {
  const BASE = '/api/model/service'
  const seven = {
    ...{ index: 7, label: '7', score: 1, location: { left: 0, top: 0, width: 225, height: 224 } },
    extended: { msg: '识别结果为数字: 7' },
  }
  const face = {
    index: 0,
    label: 'face',
    score: expect.closeTo(0.88, 1),
    location: {
      left: expect.closeTo(105, -1),
      top: expect.closeTo(60, -1),
      width: expect.closeTo(97, -1),
      height: expect.closeTo(97, -1),
    },
  }
  const success = (data: unknown) => ({ status: 200, body: { code: 0, data, msg: 'success' } })

  it.each([`${BASE}/base64?mid=7`, `${BASE}/base64/mid=7`])('reads the seven at %s', async path => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ image: b64(SEVEN), show: false })
    expect(await post(path, body, headers)).toEqual(success({ result: [seven] }))
  })

  it.each([`${BASE}/binary?mid=0&show=0`, `${BASE}/binary?mid=0?show=0`])('finds the face at %s', async path => {
    expect(await post(path, ASTRONAUT, { 'content-type': 'image/jpeg' })).toEqual(success({ result: [face] }))
  })

  it('gives the picture back with the face drawn in', async () => {
    const { body } = await post<{ data: Findings }>(`${BASE}/binary?mid=0&show=1`, ASTRONAUT)
    expect(body).toEqual(success({ result: [face], image: expect.any(String) }).body)
    const drawn = Buffer.from(body.data.image, 'base64')
    expect(drawn.equals(ASTRONAUT)).toBe(false)
    expect(pictureInfo(drawn)).toEqual(pictureInfo(ASTRONAUT))
  })

  it('asks several models about one picture', async () => {
    const form = new FormData()
    form.set('file', new Blob([ASTRONAUT]), 'astronaut.jpg')
    form.set('mids', '[0, 7]')
    const { body } = await post<{ data: [Findings, Findings] }>(`${BASE}/multipart?show=1`, form)
    expect(body.data[0]).toEqual({ model_id: 0, result: [face], image: expect.any(String) })
    // What the network makes of a face is its own affair, but it draws nothing.
    expect(Object.keys(body.data[1])).toEqual(['model_id', 'result'])
    expect(body.data[1].model_id).toBe(7)
  })

  it('answers with a failure in the place of a model that fails, and with one alone when a model is unknown', async () => {
    const form = new FormData()
    form.set('file', new Blob(['no picture']), 'x')
    form.set('mids', '[7,0]')
    const failure = (model_id: number, ret: number) => ({
      model_id,
      code: 3002,
      msg: expect.stringContaining(`code ${ret}`),
    })
    expect(await post(`${BASE}/multipart`, form)).toEqual(success([failure(7, 40003), failure(0, 42003)]))
    const { status, body } = await post(`${BASE}/binary?mid=3`, SEVEN)
    expect({ status, body }).toEqual({ status: 404, body: { code: 1008, msg: expect.stringContaining('7 (digits)') } })
  })
})
