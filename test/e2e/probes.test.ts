import type { ClientReadableStream } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { HealthCheckResponse__Output } from '../../src/gen/plugin/grpc/health/v1/HealthCheckResponse.js'
import type { ProtoGrpcType } from '../../src/gen/plugin/health.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'

/** How long probes may be wrong. Under load the test itself may be slow to look. */
const LATE_MS = 1000

/** Of grpc.health.v1. */
const SERVING = 1
const NOT_SERVING = 2

let daemon: ServingDaemon
beforeAll(async () => {
  daemon = await startServing({ cwd: SCENARIO_WRAPPER })
})
afterAll(() => daemon.process.stop())

async function readyz(): Promise<{ status: number; models: Record<string, { ready: boolean; why?: string }> }> {
  const response = await fetch(`${daemon.http}/readyz`)
  const { models } = (await response.json()) as { models: Record<string, { ready: boolean; why?: string }> }
  return { status: response.status, models }
}

it('/readyz and a gRPC health watch tell of a plugin that was killed, and of the next one, within a second', async () => {
  const { Health } = loadProto<ProtoGrpcType>('plugin', 'health.proto').grpc.health.v1
  const client = createClient(Health, { address: daemon.grpc, maxMessageBytes: 1 << 20 })
  const watch: ClientReadableStream<HealthCheckResponse__Output> = client.Watch({ service: 'svcName' })
  const told: unknown[] = []
  watch.on('data', ({ status }) => told.push(status)).on('error', () => {})
  await vi.waitFor(() => expect(told).toEqual([SERVING]))

  const plugin = await daemon.process.line(({ msg }) => msg === 'plugin is ready')
  process.kill(Number(plugin['pid']), 'SIGKILL')
  const options = { timeout: LATE_MS, interval: 5 }
  await vi.waitFor(async () => {
    expect(await readyz()).toMatchObject({
      status: 503,
      models: { svcName: { ready: false, why: expect.any(String) } },
    })
  }, options)
  await vi.waitFor(() => expect(told).toEqual([SERVING, NOT_SERVING]), options)
  expect((await fetch(`${daemon.http}/livez`)).status).toBe(200)

  await daemon.process.line(({ msg, pid }) => msg === 'plugin is ready' && pid !== plugin['pid'])
  await vi.waitFor(async () => expect((await readyz()).status).toBe(200), options)
  await vi.waitFor(() => expect(told.at(-1)).toBe(SERVING), options)
  watch.cancel()
  client.close()
})
