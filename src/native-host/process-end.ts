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
 * Lets an engine that calls `exit` end the process. What Node does at an exit waits for its threads, and so for the one
 * that the engine called from: the process would stay, and answer nothing.
 */
export function endWhenEngineExits(): void {
  const libc = koffi.load(null)
  let onExit: ReturnType<typeof libc.func>
  try {
    onExit = libc.func('on_exit', 'int', ['void *', 'void *'])
  } catch {
    // Not every C library has it. Such a process is replaced when its calls have taken too long.
    return
  }
  // Called with the status, and before what was registered earlier, such as all that Node does.
  onExit(libc.symbol('_exit'), null)
}

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
