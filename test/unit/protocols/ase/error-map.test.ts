import { describe, expect, it } from 'vitest'
import { REASONS } from '../../../../src/core/error.js'
import { ASE_ERRORS, reasonsByStatus } from '../../../../src/protocols/ase/error-map.js'

describe('ASE_ERRORS', () => {
  it('knows every reason of the catalogue and no other', () => {
    expect(Object.keys(ASE_ERRORS).sort()).toEqual(Object.keys(REASONS).sort())
  })

  it('is listed completely by status', () => {
    const listed = [...reasonsByStatus().values()].flat()
    expect(listed.sort()).toEqual(Object.keys(REASONS).sort())
    expect([...reasonsByStatus().keys()]).toEqual([...reasonsByStatus().keys()].sort((a, b) => a - b))
  })
})
