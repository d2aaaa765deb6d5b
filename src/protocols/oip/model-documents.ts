import type { ModelInfo, Signature, TensorSpec } from '../../core/model.js'
import { DataType } from '../../gen/gateway/inference/DataType.js'
import type { RequestTallies, Tally } from '../../telemetry/request-tallies.js'

// What the protocol says of models. Its JSON and its messages have the same members.

/** The name that says what runs the models: the protocol's `platform`, and `backend` in a configuration. */
const PLATFORM = 'aiges'

export function modelMetadata(model: ModelInfo) {
  const { inputs, outputs } = tensorsOf(model)
  const shown = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape: [...shape] })
  return {
    name: model.name,
    versions: model.versions.map(({ version }) => version),
    platform: PLATFORM,
    inputs: inputs.map(shown),
    outputs: outputs.map(shown),
  }
}

export function modelConfig(model: ModelInfo) {
  const { inputs, outputs } = tensorsOf(model)
  const shown = ({ name, datatype, shape }: TensorSpec) => ({ name, data_type: typeOf(datatype), dims: [...shape] })
  return {
    name: model.name,
    platform: PLATFORM,
    backend: PLATFORM,
    version_policy: { specific: { versions: model.versions.map(({ version }) => Number(version)) } },
    // 0: batches are no matter of the client's, no dimension is added for them.
    max_batch_size: 0,
    input: inputs.map(spec => ({ ...shown(spec), optional: spec.optional })),
    output: outputs.map(shown),
    model_transaction_policy: { decoupled: model.abilities?.streamingOutput ?? false },
  }
}

/** One entry for every version. */
export function repositoryIndex(models: readonly ModelInfo[], readyOnly: boolean) {
  const entries = models.flatMap(({ name, versions }) =>
    versions.map(({ version, readiness }) => {
      return readiness.ready
        ? { name, version, state: 'READY', reason: '' }
        : { name, version, state: 'UNAVAILABLE', reason: readiness.why }
    }),
  )
  return readyOnly ? entries.filter(({ state }) => state === 'READY') : entries
}

/** What has been counted; the protocol's further numbers, such as the time in a queue, are not known here. */
export function modelStatistics(
  { name, version }: Pick<ModelInfo, 'name' | 'version'>,
  { lastBegun, ok, failed }: RequestTallies,
) {
  return {
    name,
    version,
    last_inference: lastBegun,
    inference_count: ok.count,
    execution_count: ok.count,
    inference_stats: { success: durationOf(ok), fail: durationOf(failed) },
  }
}

function durationOf({ count, durationMs }: Tally) {
  return { count, ns: Math.round(durationMs * 1e6) }
}

/** In a configuration datatypes have names of their own. */
function typeOf(datatype: string): keyof typeof DataType {
  const name = `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`
  return name in DataType ? (name as keyof typeof DataType) : 'TYPE_INVALID'
}

/** The tensors of the plain call: those that the wrapper declares, and the texts and files of its schema. */
export function tensorsOf({ signature, schema }: ModelInfo): Signature {
  return {
    inputs: withPlain(signature?.inputs ?? [], schema?.inputs),
    outputs: withPlain(signature?.outputs ?? [], schema?.outputs),
  }
}

function withPlain(declared: readonly TensorSpec[], named: ReadonlyMap<string, unknown> | undefined): TensorSpec[] {
  const plain = [...(named?.keys() ?? [])].filter(key => !declared.some(({ name }) => name === key))
  return [...declared, ...plain.map(name => ({ name, datatype: 'BYTES', shape: [1], optional: false }))]
}
