import { closest, distance } from 'fastest-levenshtein'
import { usageError } from './exit-codes.js'

/** A flag by one of its names: the long option that it stands for, and whether a value follows. */
interface Flag {
  readonly option: string
  readonly kind: 'switch' | 'value'
}

type Flags = Readonly<Record<string, Flag>>

const valued = (option: string): Flag => ({ option, kind: 'value' })
const switched = (option: string): Flag => ({ option, kind: 'switch' })
const named = (...flags: readonly (readonly [Flag, ...string[]])[]): Flags =>
  Object.fromEntries(flags.flatMap(([flag, ...shorts]) => [flag.option, ...shorts].map(name => [name, flag] as const)))

const help = [switched('help'), 'h'] as const
const serving = [
  [valued('mode'), 'm'],
  [valued('config'), 'c'],
  [valued('service'), 's'],
  [valued('project'), 'p'],
  [valued('group'), 'g'],
  [valued('url'), 'u'],
  help,
] as const

const asking = [
  [valued('url'), 'u'],
  [valued('service'), 's'],
  [valued('base-path')],
  [valued('app')],
  [valued('token')],
  [valued('cert')],
  [valued('key')],
  [valued('ca')],
  [valued('timeout')],
  [valued('param')],
  [valued('accept')],
  [switched('json')],
  help,
] as const

/** The subcommands, and the flags that each one takes. */
const COMMAND_FLAGS: Readonly<Record<string, Flags>> = {
  serve: named(...serving),
  init: named(help),
  mnist: named(help),
  create: named([valued('name'), 'n'], help),
  call: named(...asking, [valued('output'), 'o']),
  stream: named(...asking, [valued('frame-ms')], [switched('realtime')]),
  version: named(help),
  help: named(help),
}

/** The flags without a subcommand, which are those of the AIGES loader. */
const ROOT_FLAGS = named(...serving, [switched('init')], [switched('mnist')], [switched('version'), 'v'])

/** Values that Go takes for a switch. */
const GO_BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'True', 'TRUE'].map(text => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'False', 'FALSE'].map(text => [text, false])),
}

const entry = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

function rewriteSwitch(flag: Flag, typed: string, value: string | undefined): string[] {
  const on = value === undefined ? true : entry(GO_BOOLEANS, value)
  if (on === undefined) throw usageError(`flag ${typed}: found "${value}", allowed: true or false`)
  return on ? [`--${flag.option}`] : []
}

/** Rewrites the known flags, `-x`, `-x=v`, `-x v` and the same with two dashes, to `--long` or `--long=v`. */
function rewriteFlags(args: readonly string[], flags: Flags, acceptsArguments: boolean): string[] {
  const rewritten: string[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return [...rewritten, arg, ...rest]
    const match = /^--?(?<name>[^=-][^=]*)(?:=(?<value>.*))?$/s.exec(arg)
    const { name, value } = match?.groups ?? {}
    if (name === undefined) {
      if (!acceptsArguments) throw usageError(`unexpected argument "${arg}": a command comes first, flags have a dash`)
      rewritten.push(arg)
      continue
    }
    const [typed = arg] = arg.split('=')
    const flag = entry(flags, name)
    if (flag === undefined) {
      throw usageError(`unknown flag ${typed}; did you mean -${closest(name, Object.keys(flags))}?`)
    }
    if (flag.kind === 'switch') {
      rewritten.push(...rewriteSwitch(flag, typed, value))
      continue
    }
    const taken = value ?? rest.shift()
    if (taken === undefined) throw usageError(`flag ${typed} needs a value`)
    rewritten.push(`--${flag.option}=${taken}`)
  }
  return rewritten
}

function unknownCommand(name: string): Error {
  const commands = Object.keys(COMMAND_FLAGS)
  const nearest = closest(name, commands)
  const isClose = distance(name, nearest) <= name.length / 2
  return usageError(
    `unknown command ${name}; ${isClose ? `did you mean ${nearest}?` : `there are: ${commands.join(', ')}`}`,
  )
}

/**
 * Turns the arguments of a Go-style command line into those of an ordinary one: `-m 0 -c=x -init` becomes
 * `--mode=0 --config=x --init`, after a subcommand with that command's flags.
 * @throws CommandError for an unknown command or flag, with the nearest known name, and for a flag without its value
 */
export function normalizeGoFlags(args: readonly string[]): string[] {
  const [first, ...rest] = args
  if (first === undefined || first.startsWith('-')) return rewriteFlags(args, ROOT_FLAGS, false)
  const flags = entry(COMMAND_FLAGS, first)
  if (flags === undefined) throw unknownCommand(first)
  return [first, ...rewriteFlags(rest, flags, true)]
}
