import { describe, expect, it } from 'vitest'
import { sessionSid, sidSource } from '../../../../src/protocols/ase/session-sid.js'

describe('sessionSid', () => {
  it.each([
    ['ase009b0001@local1a1fdf5597e0000502', { pid: 0x9b, counter: 1, timeMs: 0x1a1fdf5597e }],
    ['ase00280005@local1a1fe0430fb0000502', { pid: 0x28, counter: 5, timeMs: 0x1a1fe0430fb }],
    ['ase00010000@local000000000000000502', { pid: 0x10001, counter: 0x10000, timeMs: 0 }],
  ])('makes %s', (sid, parts) => {
    expect(sessionSid({ sub: 'ase', host: '0.0.0.0', port: 5090, ...parts })).toBe(sid)
  })

  it.each([
    ['10.1.172.16', 1888, 'ac10182'],
    ['::', 80, '0000802'],
    ['localhost', 5, '0000052'],
  ])('ends in the place of %s port %d', (host, port, end) => {
    expect(sessionSid({ sub: 'iat', host, port, pid: 1, counter: 1, timeMs: 0x1a1fdf5597e })).toBe(
      `iat00010001@local1a1fdf5597e${end}`,
    )
  })
})

describe('sidSource', () => {
  it('gives no sid twice', () => {
    const next = sidSource({ sub: 'ase', host: '0.0.0.0', port: 5090 })
    expect(new Set(Array.from({ length: 1000 }, next)).size).toBe(1000)
  })
})
