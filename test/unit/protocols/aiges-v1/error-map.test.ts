import { status } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { REASONS, type Reason, ServiceError } from '../../../../src/core/error.js'
import { AIGES_V1_CODES, toRpcFailure } from '../../../../src/protocols/aiges-v1/error-map.js'
import { GRPC_STATUS } from '../../../../src/protocols/shared/grpc-status.js'
import { XSF_CODES } from '../../../../src/protocols/xsf/error-map.js'

const reasons = Object.keys(REASONS) as Reason[]

test.each(reasons)('%s has the number that XsfCall gives it, and a status other than OK and UNKNOWN', reason => {
  expect(AIGES_V1_CODES[reason]).toBe(XSF_CODES[reason])
  expect([status.OK, status.UNKNOWN]).not.toContain(GRPC_STATUS[reason])
})

describe('a failure', () => {
  test('names number, reason, sid and the code of the wrapper', () => {
    const { code, details, metadata } = toRpcFailure(
      new ServiceError('wrapper_failed', '识别失败', { wrapperRet: 100 }),
      's-1',
    )
    expect({ code, details }).toEqual({ code: status.INTERNAL, details: '识别失败' })
    expect(metadata.getMap()).toEqual({
      'aiges-code': '10910',
      'aiges-reason': 'wrapper_failed',
      'aiges-sid': 's-1',
      'aiges-wrapper-code': '100',
    })
  })

  test.each(['会话', 'a\nb', ''])('leaves out the sid %j, which metadata cannot hold', sid => {
    expect(toRpcFailure(new ServiceError('no_slot'), sid).metadata.getMap()).toEqual({
      'aiges-code': '10110',
      'aiges-reason': 'no_slot',
    })
  })

  test('that nobody foresaw shows nothing of its text', () => {
    const { code, details } = toRpcFailure(new TypeError('secret'), 's-1')
    expect({ code, details }).toEqual({ code: status.INTERNAL, details: 'internal error' })
  })
})
