import type { WrapperPluginClient } from '../gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { BatchStream, BatchStreamListener } from './batch-stream.js'

/** Opens the rpc `Run` of a plugin. */
export function openGrpcBatchStream(client: WrapperPluginClient, listener: BatchStreamListener): BatchStream {
  const run = client.Run()
  let closed = false
  const end = (why: string) => {
    if (!closed) listener.onEnd(why, false)
    closed = true
  }
  run.on('data', listener.onBatch)
  run.on('drain', listener.onDrain)
  run.on('error', error => end(error.message))
  run.on('end', () => end('the plugin ended the stream'))
  return {
    write: batch => run.write(batch),
    close() {
      closed = true
      run.cancel()
    },
  }
}
