import { expect, it } from 'vitest'
import { knownModel } from '../../../../src/protocols/shared/known-model.js'
import { modelInfoOf } from '../../../helpers/model-info.js'

const inference = { models: () => [modelInfoOf('digits'), modelInfoOf('speech', { aliases: ['asr'] })] }

it.each([
  ['its name', 'speech', 'speech'],
  ['an alias', 'asr', 'speech'],
  ['no name', '', 'digits'],
])('a model is known by %s', (_by, named, model) => {
  expect(knownModel(inference, named)).toBe(model)
})

it.each(['made up', undefined])('%s names no model', named => {
  expect(knownModel(inference, named)).toBeUndefined()
})
