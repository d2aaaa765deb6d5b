import { ServiceError } from '../core/error.js'
import { withoutPlaces } from '../core/public-text.js'
import type { ResourceReply__Output as ResourceReply } from '../gen/plugin/aiges/plugin/v2/ResourceReply.js'
import type { WrapperPluginClient } from '../gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import { rpcErrorOf, unaryCall } from '../rpc/unary.js'
import { type ResourceCalls, wrapperError } from './channel.js'
import { toWire } from './wire-v2.js'

/** The resource calls of plugin protocol 2. */
export function resourceCalls(client: WrapperPluginClient): ResourceCalls {
  return {
    load(id, payloads, options) {
      return checked(unaryCall(client, client.LoadResource, { id, payloads: payloads.map(toWire) }, options))
    },
    unload: (id, options) => checked(unaryCall(client, client.UnloadResource, { id }, options)),
  }
}

async function checked(reply: Promise<ResourceReply>): Promise<void> {
  const { code, message } = await reply.catch((error: unknown) => {
    const rpcError = rpcErrorOf(error)
    if (rpcError === undefined) throw error
    const text = `the plugin could not be asked: ${withoutPlaces(rpcError.details || rpcError.message)}`
    throw new ServiceError('plugin_call_failed', text, { cause: error })
  })
  if (code !== 0) throw wrapperError(code, message)
}
