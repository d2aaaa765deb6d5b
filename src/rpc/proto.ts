import { fileURLToPath } from 'node:url'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'

/** `plugin` holds what the daemon speaks to wrappers, `gateway` what callers speak to the daemon. */
export type ProtoFolder = 'plugin' | 'gateway'

// src/rpc and dist/rpc lie equally deep in the package.
const PROTO_ROOT = fileURLToPath(new URL('../../proto/', import.meta.url))

// The same choices as those with which the types in src/gen are generated.
const LOADER_OPTIONS = { keepCase: true, longs: Number, defaults: true, oneofs: true } as const

/** Files whose 64-bit integers are data of clients, and so must not lose digits: they come as strings. */
const EXACT: ReadonlySet<string> = new Set(['oip.proto'])

const definitions = new Map<string, PackageDefinition>()

/** The descriptors of one .proto file and of what it imports, as server reflection needs them. Read once per process. */
export function loadProtoDefinition(folder: ProtoFolder, file: string): PackageDefinition {
  const path = `${PROTO_ROOT}${folder}/${file}`
  let definition = definitions.get(path)
  if (definition === undefined) {
    const longs = EXACT.has(file) ? String : LOADER_OPTIONS.longs
    definition = loadSync(path, { ...LOADER_OPTIONS, longs, includeDirs: [`${PROTO_ROOT}${folder}`] })
    definitions.set(path, definition)
  }
  return definition
}

/**
 * Client constructors, service definitions and message codecs of one .proto file of this package.
 * `T` is the `ProtoGrpcType` that was generated from the same file. A message's `serialize` and `deserialize` turn it
 * into bytes and back; both throw on what does not fit.
 */
export function loadProto<T>(folder: ProtoFolder, file: string): T {
  return loadPackageDefinition(loadProtoDefinition(folder, file)) as unknown as T
}
