// Loaded into a daemon by a test: at SIGUSR2 it writes a log line with the size of its memory after a collection.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', () => {
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  console.log(JSON.stringify({ level: 'info', msg: 'memory', live: heapUsed + external, resident: rss }))
})
