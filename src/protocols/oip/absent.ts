/** What Triton has beside inference and there is not here, and what to do instead. */
export const ABSENT = {
  sharedMemory: 'shared memory is not there; send tensors in the request',
  traces: 'traces are not there; the log and /metrics say what requests do',
  logSettings: 'the log is set by [log] in the configuration, not by clients',
} as const

/** Its paths below the base path. */
export const ABSENT_PATHS: Readonly<Record<string, string>> = {
  'systemsharedmemory/*': ABSENT.sharedMemory,
  'cudasharedmemory/*': ABSENT.sharedMemory,
  'trace/setting': ABSENT.traces,
  'models/:model/trace/setting': ABSENT.traces,
  logging: ABSENT.logSettings,
}
