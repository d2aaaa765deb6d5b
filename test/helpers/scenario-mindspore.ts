import { expect } from 'vitest'
import { ServiceError } from '../../src/core/error.js'
import { MINDSPORE_WORDING, mindSporeError } from '../../src/protocols/mindspore/error-map.js'
import { type FrontEnd, MODEL } from './scenario-front-end.js'

/** What fails an instance and not the request. */
const OF_AN_INSTANCE: ReadonlySet<string> = new Set(['wrapper_failed', 'plugin_crashed', 'result_timeout'])

interface MindSporeAnswer {
  readonly instances?: readonly { readonly result?: string; readonly error_msg?: string }[]
  readonly error_msg?: string
}

export const mindSpore: FrontEnd = {
  name: 'MindSpore',
  protocol: 'mindspore',
  async send({ http }, { model = MODEL, text, fault }, signal) {
    const query = fault === undefined ? '' : `?fault=${fault}`
    const body = JSON.stringify({ instances: [text === undefined ? {} : { txt: text }] })
    const response = await fetch(`${http}/model/${model}:predict${query}`, { method: 'POST', body, signal })
    const { instances: [instance] = [], error_msg = instance?.error_msg } = (await response.json()) as MindSporeAnswer
    if (error_msg === undefined) return { text: instance?.result ?? '' }
    return { text: '', failure: { http: response.status, error_msg } }
  },
  renders: reason => ({
    http: OF_AN_INSTANCE.has(reason) ? 200 : mindSporeError(new ServiceError(reason), 0).http,
    error_msg: expect.stringMatching(`^${MINDSPORE_WORDING[reason]}`),
  }),
}
