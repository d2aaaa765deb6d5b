import { type AddressInfo, createServer } from 'node:net'
import type { ClientReadableStream } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { HealthCheckResponse__Output } from '../../src/gen/plugin/grpc/health/v1/HealthCheckResponse.js'
import type { ProtoGrpcType } from '../../src/gen/plugin/health.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { startDaemonProcess } from '../helpers/daemon-process.js'
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

/** What a gRPC health watch of the model is told, as it comes. */
function watchHealth(): { told: unknown[]; end(): void } {
  const { Health } = loadProto<ProtoGrpcType>('plugin', 'health.proto').grpc.health.v1
  const client = createClient(Health, { address: daemon.grpc, maxMessageBytes: 1 << 20 })
  const watch: ClientReadableStream<HealthCheckResponse__Output> = client.Watch({ service: 'svcName' })
  const told: unknown[] = []
  watch.on('data', ({ status }) => told.push(status)).on('error', () => {})
  return {
    told,
    end() {
      watch.cancel()
      client.close()
    },
  }
}

const IN_TIME = { timeout: LATE_MS, interval: 5 }

async function toldUnready(told: readonly unknown[]): Promise<void> {
  await vi.waitFor(async () => {
    expect(await readyz()).toMatchObject({
      status: 503,
      models: { svcName: { ready: false, why: expect.any(String) } },
    })
  }, IN_TIME)
  await vi.waitFor(() => expect(told.at(-1)).toBe(NOT_SERVING), IN_TIME)
}

async function toldReady(told: readonly unknown[]): Promise<void> {
  await vi.waitFor(async () => expect((await readyz()).status).toBe(200), IN_TIME)
  await vi.waitFor(() => expect(told.at(-1)).toBe(SERVING), IN_TIME)
}

it('/readyz and a gRPC health watch tell of a plugin that was killed, and of the next one, within a second', async () => {
  const { told, end } = watchHealth()
  await vi.waitFor(() => expect(told).toEqual([SERVING]), 10_000)
  const plugin = await daemon.process.line(({ msg }) => msg === 'plugin is ready')
  process.kill(Number(plugin['pid']), 'SIGKILL')
  await toldUnready(told)
  expect((await fetch(`${daemon.http}/livez`)).status).toBe(200)
  await daemon.process.line(({ msg, pid }) => msg === 'plugin is ready' && pid !== plugin['pid'])
  await toldReady(told)
  expect(told).toEqual([SERVING, NOT_SERVING, SERVING])
  end()
})

it('and of a plugin that was stopped, and went on', async () => {
  const { told, end } = watchHealth()
  const { pid } = daemon.process.log.findLast(({ msg }) => msg === 'plugin is ready') ?? expect.fail('there is none')
  process.kill(Number(pid), 'SIGSTOP')
  await toldUnready(told)
  process.kill(Number(pid), 'SIGCONT')
  await toldReady(told)
  expect(told).toEqual([SERVING, NOT_SERVING, SERVING])
  end()
})

it('the daemon listens, says what it waits for and stops when it is told to, although an interpreter is silent', async () => {
  const port = await freePort()
  const silent = startDaemonProcess({
    cwd: SCENARIO_WRAPPER,
    config: {
      aiges: { pythonPluginCmd: "/bin/sh -c 'exec sleep 600' -m aiges.serve" },
      wrapper: { http_listen: `127.0.0.1:${port}` },
    },
  })
  await vi.waitFor(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503)
  }, 10_000)
  const told = performance.now()
  expect(await silent.stop()).toBe(0)
  expect(performance.now() - told).toBeLessThan(10_000)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
