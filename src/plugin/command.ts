/** A plugin's command line, ready to be started. */
export interface PluginCommand {
  readonly file: string
  readonly args: readonly string[]
  /** As the operator wrote it, for messages. */
  readonly text: string
  /** The words in front of `-m aiges.serve`, when that is what the command runs. */
  readonly interpreter?: readonly string[]
}

const NEEDS_A_SHELL = /[|&;<>()$`\\*?[\]#~!{}\n=]/
const WORD = /"([^"]*)"|'([^']*)'|[^\s"']+/g

/** Splits a command into words; one that uses shell syntax is handed to `/bin/sh -c` as it stands. */
export function parseCommand(text: string): PluginCommand {
  if (NEEDS_A_SHELL.test(text)) return { file: '/bin/sh', args: ['-c', text], text }
  const words = [...text.matchAll(WORD)].map(match => match[1] ?? match[2] ?? match[0])
  const [file = '', ...args] = words
  const module = words.findIndex((word, index) => word === '-m' && words[index + 1] === 'aiges.serve')
  const command = { file, args, text }
  return module > 0 ? { ...command, interpreter: words.slice(0, module) } : command
}
