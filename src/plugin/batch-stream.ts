import type { HostBatch } from '../gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { PluginBatch__Output as PluginBatch } from '../gen/plugin/aiges/plugin/v2/PluginBatch.js'

/** What a stream of plugin protocol 2 reports. */
export interface BatchStreamListener {
  readonly onBatch: (batch: PluginBatch) => void
  /** The peer reads again after `write` was false. */
  readonly onDrain: () => void
  /**
   * The stream is over, for whatever reason. Not called after `close`.
   * @param lastUnread whether it is known that the peer has not read the batch that was written last
   */
  readonly onEnd: (why: string, lastUnread: boolean) => void
}

/** The stream of plugin protocol 2, whatever carries it. */
export interface BatchStream {
  /** False when nothing more should be written before `onDrain`. */
  write(batch: HostBatch): boolean
  close(): void
}
