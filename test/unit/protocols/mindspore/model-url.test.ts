import { describe, expect, it } from 'vitest'
import { parseModelUrl } from '../../../../src/protocols/mindspore/model-url.js'

describe('parseModelUrl', () => {
  it.each([
    ['/model/lenet:predict', { model: 'lenet', method: 'predict' }],
    ['/model/lenet/version/1:predict', { model: 'lenet', version: '1', method: 'predict' }],
    ['/version/1/model/lenet:predict', { model: 'lenet', version: '1', method: 'predict' }],
    ['/model/lenet/version/0:predict', { model: 'lenet', method: 'predict' }],
    ['/version/0/model/lenet:predict', { model: 'lenet', method: 'predict' }],
    ['/model/lenet/version/007:predict', { model: 'lenet', version: '7', method: 'predict' }],
    ['/model/lenet/version/4294967294:predict', { model: 'lenet', version: '4294967294', method: 'predict' }],
    ['/model/lenet/:predict', { model: 'lenet', method: 'predict' }],
    ['/model/a%3Ab%2F%E6%95%B0:f%20g', { model: 'a:b/数', method: 'f g' }],
    ['/model/version:model', { model: 'version', method: 'model' }],
  ])('reads %s', (path, expected) => {
    expect(parseModelUrl(path)).toEqual(expected)
  })

  it.each([
    ['/model', 'the keyword:[model] must contain.'],
    ['/model/:predict', 'the keyword:[model] must contain.'],
    ['/x/:add_common', 'the keyword:[model] must contain.'],
    ['/version/1:predict', 'the keyword:[model] must contain.'],
    ['/version/1', 'the keyword:[model] must contain.'],
    ['', 'the keyword:[model] must contain.'],
    ['/model/lenet', 'the keyword:[service method] must contain.'],
    ['/model/lenet:', 'the keyword:[service method] must contain.'],
    ['/model/lenet/version/1', 'the keyword:[service method] must contain.'],
    ['/model/lenet/version/-1:predict', 'version number range failed, request version number -1'],
    ['/model/lenet/version/4294967295:predict', 'version number range failed, request version number 4294967295'],
    [
      '/version/99999999999999999999/model/lenet:predict',
      'version number range failed, request version number 99999999999999999999',
    ],
    ['/model/lenet/version/one:predict', 'the keyword:[version] value invalid, request version number one'],
    ['/model/lenet/version:predict', 'the keyword:[version] value invalid, request version number '],
    ['/model/lenet/x/y:predict', "'x' must not be there."],
    ['/model/a/model/b:predict', "'model' must not be there."],
    ['/model/%zz:predict', "'%zz' cannot be decoded."],
  ])('refuses %s', (path, text) => {
    expect(() => parseModelUrl(path)).toThrow(
      expect.objectContaining({ reason: 'path_unknown', message: `please check url, ${text}` }),
    )
  })
})
