import { expect, it } from 'vitest'
import { prepareLaunch } from '../../../src/plugin/launch.js'

const launchIn = (env: Record<string, string>) =>
  prepareLaunch({ command: './plugin', cwd: process.cwd(), env, socketFolder: '/tmp/sockets', probeTimeoutMs: 1000 })

it('gives a plugin the environment of the daemon and what go-plugin hosts set', async () => {
  const { env } = await launchIn({ HOME: '/home/a' })
  expect(env).toMatchObject({
    HOME: '/home/a',
    BASIC_PLUGIN: 'hello',
    PLUGIN_PROTOCOL_VERSIONS: '1,2',
    PLUGIN_UNIX_SOCKET_DIR: '/tmp/sockets',
  })
})

it('does not hand on what the host of a daemon that is itself a plugin has told it', async () => {
  const { env } = await launchIn({ PLUGIN_CLIENT_CERT: 'a certificate', PLUGIN_MULTIPLEX_GRPC: 'true' })
  expect(env).not.toHaveProperty('PLUGIN_CLIENT_CERT')
  expect(env).not.toHaveProperty('PLUGIN_MULTIPLEX_GRPC')
})
