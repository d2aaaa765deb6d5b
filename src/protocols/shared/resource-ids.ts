import { ServiceError } from '../../core/error.js'

/**
 * The resources that a request names in the field `res_id` of its header: one id, several with commas between them, or a
 * list of them. An empty one is none.
 * @throws ServiceError `schema_violation`
 */
export function resourceIds(value: unknown): readonly string[] {
  if (value === undefined || value === null || value === '') return NONE
  const list = Array.isArray(value) ? value : typeof value === 'object' ? [value] : String(value).split(',')
  if (list.some(id => typeof id === 'object'))
    throw new ServiceError('schema_violation', 'header.res_id: must be string')
  return list.map(id => String(id).trim()).filter(id => id !== '')
}

const NONE: readonly string[] = []
