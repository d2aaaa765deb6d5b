import { createRequire } from 'node:module'
import { type Client, type ClientReadableStream, loadPackageDefinition, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { afterEach, expect, test } from 'vitest'
import type { HealthClient } from '../../../src/gen/plugin/grpc/health/v1/Health.js'
import type { HealthCheckResponse__Output } from '../../../src/gen/plugin/grpc/health/v1/HealthCheckResponse.js'
import type { ProtoGrpcType as HealthProto } from '../../../src/gen/plugin/health.js'
import { type ClientConstructor, createClient } from '../../../src/rpc/channel.js'
import { loadProto } from '../../../src/rpc/proto.js'
import { rpcErrorOf, unaryCall } from '../../../src/rpc/unary.js'
import { modelInfoOf } from '../../helpers/model-info.js'
import { MIB, startXsf } from '../protocols/xsf/fixture.js'

const SERVING = 1
const NOT_SERVING = 2
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start() {
  const xsf = await startXsf()
  cleanups.push(xsf.close)
  return xsf
}

function connect<C extends Client>(ClientType: ClientConstructor<C>, address: string): C {
  const client = createClient(ClientType, { address, maxMessageBytes: MIB })
  cleanups.push(() => client.close())
  return client
}

function healthClient(address: string): HealthClient {
  return connect(loadProto<HealthProto>('plugin', 'health.proto').grpc.health.v1.Health, address)
}

test('health follows the readiness of each model, and is that of the daemon under the empty name while a model is ready', async () => {
  const xsf = await start()
  const health = healthClient(xsf.address)
  const check = async (service: string) => (await unaryCall(health, health.Check, { service })).status
  expect([await check(''), await check('svcName')]).toEqual([SERVING, SERVING])

  xsf.setModels([modelInfoOf('svcName'), modelInfoOf('second', { readiness: { ready: false, why: 'starting' } })])
  expect([await check(''), await check('svcName'), await check('second')]).toEqual([SERVING, SERVING, NOT_SERVING])

  xsf.setModels([modelInfoOf('second', { readiness: { ready: false, why: 'starting' } })])
  expect(await check('')).toBe(NOT_SERVING)

  xsf.setModels([modelInfoOf('second')])
  expect([await check(''), await check('svcName'), await check('second')]).toEqual([SERVING, NOT_SERVING, SERVING])
})

test('health of a model that never was is NOT_FOUND', async () => {
  const health = healthClient((await start()).address)
  const error = await unaryCall(health, health.Check, { service: 'nobody' }).catch(rpcErrorOf)
  expect(error).toMatchObject({ code: status.NOT_FOUND })
})

test('stopping says NOT_SERVING to whoever watches, ends the watch and does not wait for the grace period', async () => {
  const xsf = await start()
  const watch: ClientReadableStream<HealthCheckResponse__Output> = healthClient(xsf.address).Watch({ service: '' })
  const statuses: number[] = []
  const first = new Promise(resolve => watch.once('data', resolve))
  watch.on('data', message => statuses.push(message.status))
  const ended = new Promise(resolve => watch.once('end', resolve))
  await first

  const before = performance.now()
  await xsf.server.stop(60_000)
  await ended
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(statuses).toEqual([SERVING, NOT_SERVING])
  expect(xsf.listeners.size).toBe(0)
})

/** The packages of the reflection protocol bring its .proto file. */
function reflectionClient(address: string) {
  const entry = createRequire(import.meta.url).resolve('@grpc/reflection')
  const file = new URL('../proto/grpc/reflection/v1/reflection.proto', `file://${entry}`).pathname
  const proto = loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true, oneofs: true }))
  type Answer = {
    list_services_response?: { service: { name: string }[] }
    file_descriptor_response?: { file_descriptor_proto: Buffer[] }
  }
  type Ask = (request: Record<string, string>) => Promise<Answer>
  const Reflection = (
    proto as unknown as { grpc: { reflection: { v1: { ServerReflection: ClientConstructor<Client> } } } }
  ).grpc.reflection.v1.ServerReflection
  const client = connect(Reflection, address) as Client & {
    ServerReflectionInfo(): NodeJS.ReadWriteStream & { write(request: object): void }
  }
  const ask: Ask = request =>
    new Promise((resolve, reject) => {
      const stream = client.ServerReflectionInfo()
      stream.once('data', resolve)
      stream.once('error', reject)
      stream.write(request)
      stream.end()
    })
  return ask
}

test('reflection lists the services and describes the messages that travel inside', async () => {
  const ask = reflectionClient((await start()).address)
  const services = (await ask({ list_services: '' })).list_services_response?.service.map(({ name }) => name)
  expect(services).toEqual(expect.arrayContaining(['utils.XsfCall', 'aiges.v1.Inference', 'grpc.health.v1.Health']))
  const symbols = ['utils.XsfCall', 'utils.ReqData', 'protocol.LoaderInput', 'protocol.LoaderOutput']
  for (const symbol of [...symbols, 'aiges.v1.Inference', 'aiges.v1.GeneralData']) {
    const files = (await ask({ file_containing_symbol: symbol })).file_descriptor_response?.file_descriptor_proto
    const message = symbol.split('.').at(-1) as string
    expect(files?.some(file => file.includes(message))).toBe(true)
  }
})
