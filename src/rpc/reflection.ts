import type { ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import type { RpcServer } from './server.js'

type Conversation = (call: ServerDuplexStream<unknown, unknown>) => void

/** One version of the protocol. */
interface Service {
  readonly definition: ServiceDefinition
  readonly converse: Conversation | undefined
}

/**
 * Serves grpc.reflection in all its versions.
 * @param describe says what there is. It is asked when the first client asks: to index all messages takes longer than any
 * other step of the daemon's start, and most clients know them
 */
export function serveReflection(server: RpcServer, describe: () => PackageDefinition): void {
  let indexed: readonly Service[] | undefined
  for (const [version, { definition }] of servicesFor({}).entries()) {
    const converse: Conversation = call => {
      indexed ??= servicesFor(describe())
      indexed[version]?.converse?.(call)
    }
    server.addWatchService(definition, { ServerReflectionInfo: converse })
  }
}

/** Always in the same order. */
function servicesFor(described: PackageDefinition): readonly Service[] {
  const services: Service[] = []
  const addService = (definition: ServiceDefinition, implementation: UntypedServiceImplementation) =>
    void services.push({ definition, converse: implementation['ServerReflectionInfo'] as Conversation | undefined })
  new ReflectionService(described).addToServer({ addService })
  return services
}
