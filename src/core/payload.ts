/** What a payload's bytes are. `other` is personalised or otherwise unclassified data. */
export const DATA_TYPES = ['text', 'audio', 'image', 'video', 'other'] as const
export type DataType = (typeof DATA_TYPES)[number]

/** Position of a piece of data in its stream, numbered as on every wire: `once` is a stream of one. */
export const Status = { begin: 0, continue: 1, end: 2, once: 3 } as const
export type Status = (typeof Status)[keyof typeof Status]

/** Describes bytes that are a tensor in row-major order; datatypes as in the Open Inference Protocol. */
export interface TensorInfo {
  readonly datatype: string
  readonly shape: readonly number[]
}

export type Attributes = Readonly<Record<string, string>>

/** How a tensor is described where a protocol has no place for it but the attributes: the shape is a JSON array. */
export function tensorAttributes({ datatype, shape }: TensorInfo): Attributes {
  return { datatype, shape: JSON.stringify(shape) }
}

/** A named piece of data on its way to or from a wrapper. */
export interface Payload {
  readonly key: string
  readonly type: DataType
  readonly status: Status
  /** encoding, format, sample_rate, …: whatever describes the data beside its type. */
  readonly attributes: Attributes
  readonly data: Uint8Array
  readonly tensor?: TensorInfo
}

/** An output that the client asks for. Without a type, that of the schema or of the output itself counts. */
export interface Accept {
  readonly name: string
  readonly type?: DataType
  readonly attributes: Attributes
}
