import { expect, test } from 'vitest'
import type { ProtoGrpcType as LoaderProto } from '../../../src/gen/gateway/loader.js'
import type { ProtoGrpcType as GoPluginProto } from '../../../src/gen/plugin/go-plugin.js'
import type { ProtoGrpcType as HealthProto } from '../../../src/gen/plugin/health.js'
import type { ProtoGrpcType as V1Proto } from '../../../src/gen/plugin/wrapper-v1.js'
import type { ProtoGrpcType as V2Proto } from '../../../src/gen/plugin/wrapper-v2.js'
import { loadProto, loadProtoDefinition } from '../../../src/rpc/proto.js'

test('every service of the package is found under its name on the wire', () => {
  const paths = [
    loadProto<V1Proto>('plugin', 'wrapper-v1.proto').aiges.WrapperService.service.communicate.path,
    loadProto<V2Proto>('plugin', 'wrapper-v2.proto').aiges.plugin.v2.WrapperPlugin.service.Run.path,
    loadProto<GoPluginProto>('plugin', 'go-plugin.proto').plugin.GRPCController.service.Shutdown.path,
    loadProto<HealthProto>('plugin', 'health.proto').grpc.health.v1.Health.service.Check.path,
  ]
  expect(paths).toEqual([
    '/aiges.WrapperService/communicate',
    '/aiges.plugin.v2.WrapperPlugin/Run',
    '/plugin.GRPCController/Shutdown',
    '/grpc.health.v1.Health/Check',
  ])
})

test('a message codec turns a message into bytes and back, with defaults filled in and enums as numbers', () => {
  const { LoaderOutput } = loadProto<LoaderProto>('gateway', 'loader.proto').protocol
  const bytes = LoaderOutput.serialize({ status: 3, pl: [{ meta: { name: 'result' }, data: Buffer.from('7') }] })
  expect(LoaderOutput.deserialize(bytes)).toEqual({
    serviceId: '',
    code: 0,
    err: '',
    status: 3,
    pl: [{ meta: { name: 'result', dataType: 0, attribute: {} }, data: Buffer.from('7') }],
  })
})

test('bytes that are no message are refused', () => {
  const { LoaderInput } = loadProto<LoaderProto>('gateway', 'loader.proto').protocol
  expect(() => LoaderInput.deserialize(Buffer.from('ffffff', 'hex'))).toThrow()
})

test('a file is read once', () => {
  expect(loadProtoDefinition('gateway', 'xsf.proto')).toBe(loadProtoDefinition('gateway', 'xsf.proto'))
})
