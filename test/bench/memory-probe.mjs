// Preloaded into the daemon (Node with --expose-gc): answers every message of the benchmark with its memory after a
// garbage collection. The daemon itself is as it always is.
process.on('message', () => {
  globalThis.gc()
  process.send(process.memoryUsage())
})
process.channel.unref()
