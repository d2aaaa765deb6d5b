import { ServiceError } from '../core/error.js'
import type { ModelSchema } from '../core/model.js'
import { type Accept, type Attributes, type Payload, tensorAttributes } from '../core/payload.js'

/**
 * Picks from a wrapper's outputs those that the client asked for, and gives them the attributes that it wants. Who asks
 * for nothing gets every output with the attributes of the schema.
 * @throws ServiceError `output_mismatch` when an output is of another type than asked for
 */
export function pickOutputs(
  payloads: readonly Payload[],
  accepts: readonly Accept[],
  schema: ModelSchema | undefined,
): readonly Payload[] {
  if (accepts.length === 0) {
    return payloads.map(payload => describe(payload, schema?.outputs.get(payload.key)?.attributes))
  }
  const picked: Payload[] = []
  for (const payload of payloads) {
    const accept = accepts.find(candidate => candidate.name === payload.key)
    if (accept === undefined) continue
    const wanted = accept.type ?? schema?.outputs.get(payload.key)?.type
    if (wanted !== undefined && wanted !== payload.type) {
      const text = `wrapper output '${payload.key}' is of type ${payload.type}, but ${wanted} was asked for`
      throw new ServiceError('output_mismatch', text)
    }
    picked.push(describe(payload, accept.attributes))
  }
  return picked
}

/**
 * The outputs of a request that has one result: as `pickOutputs`, the pieces of an output that came in several joined.
 * @throws ServiceError `output_mismatch` when nothing is left, an output is of another type than asked for, or a tensor
 * came in several pieces
 */
export function selectOutputs(
  payloads: readonly Payload[],
  accepts: readonly Accept[],
  schema: ModelSchema | undefined,
): readonly Payload[] {
  if (payloads.length === 0) throw new ServiceError('output_mismatch', 'the wrapper returned no output')
  const picked = pickOutputs(payloads, accepts, schema)
  if (picked.length === 0) {
    const asked = accepts.map(accept => accept.name).join(', ')
    const given = payloads.map(payload => payload.key).join(', ')
    throw new ServiceError(
      'output_mismatch',
      `none of the outputs asked for (${asked}) is among the wrapper's (${given})`,
    )
  }
  return picked.length === 1 ? picked : joinPieces(picked)
}

/** What the wrapper itself says of an output counts where nobody else says anything. */
function describe(payload: Payload, attributes: Attributes | undefined): Payload {
  const { tensor } = payload
  return { ...payload, attributes: { ...payload.attributes, ...attributes, ...(tensor && tensorAttributes(tensor)) } }
}

function joinPieces(payloads: readonly Payload[]): readonly Payload[] {
  const pieces = new Map<string, Payload[]>()
  for (const payload of payloads) {
    const known = pieces.get(payload.key)
    if (known === undefined) pieces.set(payload.key, [payload])
    else known.push(payload)
  }
  if (pieces.size === payloads.length) return payloads
  return [...pieces.values()].map(joined)
}

/** What a later piece says of itself, such as why a text ends there, counts for the whole. */
function joined(pieces: readonly Payload[]): Payload {
  const [whole] = pieces as [Payload]
  if (pieces.length === 1) return whole
  if (whole.tensor) {
    const text = `the wrapper gave ${pieces.length} tensors for '${whole.key}'; only a call with several results takes them`
    throw new ServiceError('output_mismatch', text)
  }
  const attributes = Object.assign({}, ...pieces.map(piece => piece.attributes)) as Attributes
  return { ...whole, attributes, data: Buffer.concat(pieces.map(({ data }) => data)) }
}
