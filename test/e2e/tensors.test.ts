import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execAigesV1, postAse } from '../helpers/clients.js'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

let daemon: DaemonProcess
let http: string
let grpc: string
beforeAll(async () => {
  daemon = startDaemonProcess({ cwd: join(ROOT, 'examples/tensors') })
  ;({ http, grpc } = await daemon.ready)
})
afterAll(() => daemon.stop())

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${http}${path}`, { method: 'POST', body: JSON.stringify(body) })
  return answer.json()
}

const row = (first: number) => Array.from({ length: 16 }, (_, index) => first + index)
const base64 = (values: number[]) => Buffer.from(new Int32Array(values).buffer).toString('base64')

describe('the tensor example', () => {
  it('answers the plain call of the Open Inference Protocol with sum and difference', async () => {
    const input = (name: string, data: number[]) => ({ name, datatype: 'INT32', shape: [1, 16], data })
    const request = { inputs: [input('INPUT0', row(10)), input('INPUT1', row(1))] }
    expect(await post('/v2/models/svcName/infer', request)).toMatchObject({
      outputs: [
        { name: 'OUTPUT0', datatype: 'INT32', shape: [1, 16], data: row(0).map(n => 11 + 2 * n) },
        { name: 'OUTPUT1', datatype: 'INT32', shape: [1, 16], data: Array(16).fill(9) },
      ],
    })
  })

  it.each([
    ['plus_one', { x: [1, 2, 3] }, { y: [2, 3, 4] }],
    ['add', { x1: [[1.5, 2.5]], x2: [[1.5, 0.5]] }, { y: [[3, 3]] }],
    ['add_cast', { x1: [[1], [2]], x2: [[3], [4]] }, { y: [[4], [6]] }],
    ['not', { x: [true, false] }, { y: [false, true] }],
  ])("answers MindSpore Serving's %s", async (method, instance, expected) => {
    expect(await post(`/model/svcName:${method}`, { instances: [instance] })).toEqual({ instances: [expected] })
  })

  it('refuses what is no such tensor as invalid input, whoever hands on bytes', async () => {
    const payload = { INPUT0: { other: base64(row(0)) }, INPUT1: { other: base64(row(0)).slice(0, 8) } }
    const refused = await postAse(`${http}/v1/svcName`, { header: {}, parameter: {}, payload })
    const message = "tensor 'INPUT1', INT32 [-1, 16], must have a multiple of 64 bytes; it has 6"
    expect(refused).toMatchObject({ status: 400, body: { header: { code: 10107, message } } })
    const data = [{ data_id: 'INPUT0', data_type: 'OTHER', status: 'ONCE', data: Buffer.from('six by') }] as const
    await expect(execAigesV1(grpc, { model: 'svcName', data: [...data] })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: message.replace('INPUT1', 'INPUT0'),
    })
  })

  it('answers the plain call over ASE, and says what its tensors are', async () => {
    const payload = { INPUT0: { other: base64(row(0)) }, INPUT1: { shape: [1, 16], other: base64(row(0)) } }
    const { body } = await postAse(`${http}/v1/svcName`, { header: {}, parameter: {}, payload })
    const described = { datatype: 'INT32', shape: '[1,16]' }
    expect(body.payload).toMatchObject({
      OUTPUT0: { ...described, other: base64(row(0).map(n => 2 * n)) },
      OUTPUT1: { ...described, other: base64(Array(16).fill(0)) },
    })
  })
})
