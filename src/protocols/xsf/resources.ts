import type { AdminService } from '../../core/admin.js'
import { ServiceError } from '../../core/error.js'
import { Status } from '../../core/payload.js'
import type { ReqData__Output } from '../../gen/gateway/utils/ReqData.js'
import { resourceIds } from '../shared/resource-ids.js'
import { decodeLoaderInput, EMPTY_OUTPUT, encodeResourceLoaded, toPayloads } from './codec.js'

type ResourceAdmin = Pick<AdminService, 'loadResource' | 'unloadResource'>

/**
 * AILoad: the payloads of the LoaderInput are a resource for the wrappers of its service. The answer's payload has the
 * attribute `res_id`, by which calls name it in `headers`. Without data nothing is done (reference).
 */
export async function loadResource(request: ReqData__Output, admin: ResourceAdmin | undefined): Promise<Buffer> {
  const bytes = request.data[0]?.data
  if (bytes === undefined || bytes.length === 0) return EMPTY_OUTPUT
  const input = decodeLoaderInput(bytes)
  if (input.pl.length === 0) throw new ServiceError('input_missing', 'AILoad: the resource has no payload')
  const payloads = toPayloads(input, Status.once)
  const id = await able(admin).loadResource(input.serviceId, payloads)
  return encodeResourceLoaded(input.serviceId, payloads[0]?.key ?? '', id)
}

/** AIUnLoad: takes back the resource that `res_id` names in `param` or in the headers of the LoaderInput. */
export async function unloadResource(request: ReqData__Output, admin: ResourceAdmin | undefined): Promise<Buffer> {
  const bytes = request.data[0]?.data
  const { serviceId = '', headers = {} } = bytes === undefined ? {} : decodeLoaderInput(bytes)
  for (const id of resourceIds(request.param['res_id'] ?? headers['res_id'])) {
    await able(admin).unloadResource(serviceId, id)
  }
  return EMPTY_OUTPUT
}

function able(admin: ResourceAdmin | undefined): ResourceAdmin {
  if (admin !== undefined) return admin
  throw new ServiceError('operation_unknown', 'AILoad, AIUnLoad: resources cannot be changed at run time')
}
