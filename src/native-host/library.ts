import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import koffi, { type LibraryHandle } from 'koffi'
import { SIGNATURES, type WrapperFunction } from './abi.js'
import { CallGate } from './call-gate.js'

/** What a library is called when the configuration does not say. Source: the AIGES loader. */
export const DEFAULT_LIBRARY = 'libwrapper.so'

/**
 * Stack of a C call in bytes. Engines were written for the 8 MiB that threads ordinarily have; koffi's own 128 KiB crash
 * those that keep buffers on the stack.
 */
const STACK_BYTES = 8 << 20
/** Calls that may run or wait for a thread at the same time: koffi's most. */
const MOST_CALLS = 4096
/** Stacks that are kept for the next call: koffi's most. */
const KEPT_STACKS = 32
/**
 * How long a call waits for one of them, in ms, before a further one is made for it: making and unmaking it costs several
 * times what a short call does.
 */
const STACK_WAIT_MS = 2

type Arguments = readonly (bigint | number | null)[]

/** A loaded library. */
export interface Library {
  readonly path: string
  /**
   * Calls a function on a thread of its own, so that neither a call that blocks nor one that waits for a callback stops
   * the event loop.
   * @param memory what the function may read; kept until it has returned
   */
  call(name: WrapperFunction, args: Arguments, memory?: unknown): Promise<unknown>
}

/**
 * Where a library is looked for. A name with a slash is a path; another one is looked for in the folders of
 * LD_LIBRARY_PATH, in the working directory and in `./wrapper`, and then by the system's loader.
 */
export function findLibrary(name: string, cwd: string, searchPath: string | undefined): string {
  if (name.includes('/')) {
    const path = resolve(cwd, name)
    if (existsSync(path)) return path
    throw new Error(`the library ${path} does not exist; [aiges] wrapperLib names it`)
  }
  const listed = (searchPath ?? '').split(delimiter).filter(folder => folder !== '')
  const folders = [...listed, cwd, join(cwd, 'wrapper')].map(folder => resolve(cwd, folder))
  const found = folders.map(folder => join(folder, name)).find(path => existsSync(path))
  if (found !== undefined) return found
  try {
    koffi.load(name)
    return name
  } catch (error) {
    const looked = [...new Set(folders)].join(', ')
    const path = listed.length === 0 ? 'LD_LIBRARY_PATH is not set' : `LD_LIBRARY_PATH is ${searchPath}`
    const why = `${path} (${messageOf(error)})`
    throw new Error(`${name} is in none of ${looked}, and not where the system's loader looks; ${why}`, {
      cause: error,
    })
  }
}

/** The folder that a library is in; undefined when the system's loader found it. */
export function folderOf(library: string): string | undefined {
  return library.includes('/') ? dirname(library) : undefined
}

/** To be called before any library is loaded. */
export function configureCalls(): void {
  koffi.config({ async_stack_size: STACK_BYTES, resident_async_pools: KEPT_STACKS, max_async_calls: MOST_CALLS })
}

/** @throws Error when it cannot be loaded, or with the names of all functions that it lacks */
export function loadLibrary(path: string): Library {
  const handle = open(path)
  const functions = functionsOf(handle, path)
  const gate = new CallGate(KEPT_STACKS, STACK_WAIT_MS)
  const held = new Set<unknown>()
  return {
    path,
    call: (name, args, memory) =>
      new Promise((resolvePromise, reject) => {
        // koffi keeps no argument alive, and the garbage collector does not see what C code reads.
        const hold = { memory }
        held.add(hold)
        gate.enter(() => {
          functions[name].async(...args, (error: unknown, result: unknown) => {
            held.delete(hold)
            gate.leave()
            if (error) reject(error)
            else resolvePromise(result)
          })
        })
      }),
  }
}

function open(path: string): LibraryHandle {
  try {
    return koffi.load(path)
  } catch (error) {
    throw new Error(`${path} cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

type Functions = Record<WrapperFunction, ReturnType<LibraryHandle['func']>>

function functionsOf(handle: LibraryHandle, path: string): Functions {
  const found: Partial<Functions> = {}
  const missing: string[] = []
  for (const [name, [result, args]] of Object.entries(SIGNATURES)) {
    try {
      found[name as WrapperFunction] = handle.func(name, result, [...args])
    } catch {
      missing.push(name)
    }
  }
  if (missing.length > 0) throw new Error(`${path} is no AIGES wrapper: it lacks ${missing.join(', ')}`)
  return found as Functions
}
