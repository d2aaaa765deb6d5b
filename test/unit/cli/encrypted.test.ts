import { writeFileSync } from 'node:fs'
import { beforeEach, expect, it } from 'vitest'
import { Status } from '../../../src/core/payload.js'
import { createServerIdentity } from '../../../src/tls/server-identity.js'
import { makeCertificate, writeCertificate } from '../../helpers/certificates.js'
import { modelInfoOf } from '../../helpers/model-info.js'
import { loadText } from '../config/config-file.js'
import { FakeInference, textOutput } from '../protocols/shared/fake-inference.js'
import { startFrontEnds } from '../running-front-ends.js'
import { enterTemporaryFolder, run } from './command-run.js'

let url: string

/** A daemon that lets in whoever shows a certificate of its authority, and the files of such a client. */
beforeEach(async () => {
  const folder = enterTemporaryFolder()
  const authority = await makeCertificate({ name: 'authority' })
  const client = await makeCertificate({ name: 'client', authority })
  const files = { 'ca.pem': authority.cert, 'client.pem': client.cert, 'client.key': client.key }
  for (const [name, content] of Object.entries(files)) writeFileSync(name, content)
  const { cert, key } = writeCertificate(folder, await makeCertificate({ authority }))
  const { config } = loadText(
    '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n' +
      `[tls]\ncert = "${cert}"\nkey = "${key}"\nclientCa = "${folder}/ca.pem"`,
  )
  if (!config.tls) throw new Error('there is no [tls]')
  const abilities = { once: true, streamingOutput: true, sessions: true, chat: false, resources: false }
  const inference = new FakeInference([modelInfoOf('svcName', { abilities })])
  inference.opened = session => session.give(Status.once, textOutput('ok'))
  const { http } = await startFrontEnds({ config, inference, identity: createServerIdentity(config.tls) })
  url = http
  writeFileSync('speech.pcm', Buffer.alloc(2000))
})

const COMMANDS = [
  ['call', 'text=hi'],
  ['stream', 'audio=@speech.pcm'],
] as const

it.each(COMMANDS)('%s shows a certificate, and trusts the one that it is told to', async (command, input) => {
  const options = ['--ca', 'ca.pem', '--cert', 'client.pem', '--key', 'client.key', '-u', url]
  const answer = await run(command, input, ...options)
  expect(answer).toMatchObject({ code: 0, stderr: '' })
  expect(answer.stdout).toContain('ok')
})

it.each(COMMANDS)('%s does not talk to a daemon that it has no reason to trust', async (command, input) => {
  const answer = await run(command, input, '--cert', 'client.pem', '--key', 'client.key', '-u', url)
  expect(answer).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('certificate') })
})

it.each(COMMANDS)('%s is not let in without a certificate', async (command, input) => {
  expect(await run(command, input, '--ca', 'ca.pem', '-u', url)).toMatchObject({ code: 1, stdout: '' })
})

it.each([
  [['--cert', 'client.pem'], '--cert and --key need each other'],
  [['--ca', 'nowhere.pem'], '--ca: ENOENT'],
])('says what is wrong with %j', async (options, message) => {
  const answer = await run('call', 'text=hi', ...options, '-u', url)
  expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
})
