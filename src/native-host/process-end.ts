import koffi from 'koffi'

/** What the engine prints reaches the log line by line, when it is printed, although stdout is a pipe. */
export function printByLine(): void {
  const libc = koffi.load(null)
  const stdout = koffi.decode(libc.symbol('stdout'), 'void *')
  libc.func('setvbuf', 'int', ['void *', 'void *', 'int', 'size_t'])(stdout, null, LINE_BUFFERED, 0)
}

/** `_IOLBF` of stdio.h. */
const LINE_BUFFERED = 1

/**
 * Ends the process at once. The engine's static destructors do not run, because threads of its own may still be at work
 * on what they would destroy. (So does the AIGES loader.)
 */
export function endProcess(code: number): never {
  const libc = koffi.load(null)
  libc.func('fflush', 'int', ['void *'])(null)
  libc.func('_exit', 'void', ['int'])(code)
  throw new Error('_exit returned')
}
