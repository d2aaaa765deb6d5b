import koffi from 'koffi'

/**
 * A linked list of names and values: 32 bytes, natural alignment. Source of all layouts and signatures here: the headers
 * of the AIGES loader (type.h, wrapper.h).
 */
export const PARAM_LIST = koffi.struct('ParamList', {
  key: 'const char *',
  value: 'void *',
  vlen: 'unsigned int',
  next: 'void *',
})

/** A linked list of pieces of data: 48 bytes. */
export const DATA_LIST = koffi.struct('DataList', {
  key: 'const char *',
  data: 'void *',
  len: 'unsigned int',
  type: 'int',
  status: 'int',
  desc: 'void *',
  next: 'void *',
})

/** A pointer as koffi hands it over; null is NULL. */
export type Pointer = bigint | null

/** How an engine answers: `int callback(const void *usrTag, DataList *respData, int ret)`. */
export const RESULT_CALLBACK = koffi.pointer(koffi.proto('int AigesResult(const char *, void *, int)'))
/** How an engine counts what is charged for: `int meter(const void *usrTag, const char *key, int count)`. */
export const METER_CALLBACK = koffi.pointer(koffi.proto('int AigesMeter(const char *, const char *, int)'))
/**
 * How an engine reports a metric or a line of a trace: `int log(const char *usrTag, const char *key, const char *value)`.
 * No published header says how the metrics callback is called; it is taken to be like that for traces.
 */
export const LOG_CALLBACK = koffi.pointer(koffi.proto('int AigesLog(const char *, const char *, const char *)'))

/** What `wrapperSetCtrl` calls the callbacks. */
export const CONTROL = { meter: 0, metric: 1, trace: 2 } as const

const P = 'void *'

/** Result and arguments of every function that a library must have. */
export const SIGNATURES = {
  wrapperSetCtrl: ['int', ['int', P]],
  wrapperInit: ['int', [P]],
  wrapperFini: ['int', []],
  wrapperError: ['const char *', ['int']],
  wrapperVersion: ['const char *', []],
  wrapperLoadRes: ['int', [P, 'unsigned int']],
  wrapperUnloadRes: ['int', ['unsigned int']],
  wrapperCreate: [P, [P, P, P, P, 'int', P]],
  wrapperWrite: ['int', [P, P]],
  wrapperRead: ['int', [P, P]],
  wrapperDestroy: ['int', [P]],
  wrapperExec: ['int', [P, P, P, P, P, 'int']],
  wrapperExecFree: ['int', [P, P]],
  wrapperExecAsync: ['int', [P, P, P, P, 'int', P, 'int']],
  wrapperDebugInfo: ['const char *', [P]],
} as const satisfies Record<string, readonly [result: string, arguments: readonly string[]]>

export type WrapperFunction = keyof typeof SIGNATURES
