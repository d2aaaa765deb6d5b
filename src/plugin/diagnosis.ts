import { withoutPlaces } from '../core/public-text.js'
import { describeExit, type ProcessExit } from './runner/process-runner.js'

/** What was seen of a plugin that did not start. */
export interface StartEvidence {
  readonly command: string
  readonly cwd: string
  /** What failed, as a sentence. */
  readonly failure: string
  /** What is known of the interpreter, if the command runs one. */
  readonly interpreter?: string | undefined
  /** Line that was read instead of a handshake. */
  readonly firstLine?: string | undefined
  readonly exit?: ProcessExit | undefined
  readonly stderr: readonly string[]
  /** Return code of the wrapper's initialisation. */
  readonly initRet?: number | undefined
}

/** A plugin that did not start: one message with all that helps to find out why. */
export class PluginStartError extends Error {
  override readonly name = 'PluginStartError'
  /** The failure in one line, as clients may see it; the message is for the log. */
  readonly summary: string

  constructor(evidence: StartEvidence) {
    super(describe(evidence))
    this.summary = withoutPlaces(evidence.failure)
  }
}

function describe(evidence: StartEvidence): string {
  const lines = [
    `the plugin did not start: ${evidence.failure}`,
    `  command: ${evidence.command}`,
    `  working directory: ${evidence.cwd}`,
  ]
  if (evidence.interpreter) lines.push(`  interpreter: ${evidence.interpreter}`)
  if (evidence.firstLine !== undefined) lines.push(`  read instead of a handshake: ${evidence.firstLine}`)
  if (evidence.exit) lines.push(`  process: ${describeExit(evidence.exit)}`)
  if (evidence.stderr.length > 0) {
    lines.push('  last lines of its output:', ...evidence.stderr.map(line => `    ${line}`))
  }
  const cause = likelyCause(evidence)
  if (cause) lines.push(`  likely cause: ${cause}`)
  return lines.join('\n')
}

interface Cause {
  readonly pattern: RegExp
  /** Undefined: the failure says it all. */
  readonly text: (match: RegExpMatchArray, evidence: StartEvidence) => string | undefined
}

/** Looked for in the failure and the plugin's output, first match wins. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /([\w.+-]+\.so[\w.]*): cannot open shared object file/,
    text: match => `${match[1]} is missing; put the folder that it is in on LD_LIBRARY_PATH`,
  },
  { pattern: /LD_LIBRARY_PATH|\[aiges\] wrapperLib|is no AIGES wrapper/, text: () => undefined },
  {
    pattern: /No module named '?(grpc|google)\b/,
    text: (_, { interpreter }) =>
      `grpcio is missing; run: ${interpreter?.split(' ')[0] ?? 'python'} -m pip install grpcio protobuf`,
  },
  {
    pattern: /No module named '?aiges(\.serve)?'?/,
    text: () => "the interpreter finds no package 'aiges'; install it, or leave pythonPluginCmd as '… -m aiges.serve'",
  },
  {
    pattern: /No module named '?wrapper'?/,
    text: (_, { cwd }) => `there is no wrapper.py in ${cwd}, in ${cwd}/wrapper or on PYTHONPATH`,
  },
  {
    pattern: /No module named '?([\w.]+)'?/,
    text: (match, { interpreter }) =>
      `the wrapper needs a package that is not installed; try: ${interpreter?.split(' ')[0] ?? 'python'} -m pip install ${match[1]} (or -r requirements.txt)`,
  },
  {
    pattern: /has no attribute '?Wrapper'?|class '?Wrapper'?/,
    text: () => 'wrapper.py must define a class Wrapper that derives from aiges.sdk.WrapperBase',
  },
  {
    pattern: /ENOENT|[Nn]o such file|not found/,
    text: () =>
      'the command, or a file that the wrapper opens, does not exist at this path; see [aiges] pluginCmd and pythonPluginCmd',
  },
  { pattern: /EACCES|Permission denied/, text: () => 'a file may not be executed or read by this user' },
  {
    pattern: /[Aa]ddress already in use|Failed to bind/,
    text: () => 'another program, perhaps a plugin of an earlier daemon, still listens on the port of this plugin',
  },
  { pattern: /MemoryError|Cannot allocate memory|SIGKILL/, text: () => 'the machine ran out of memory' },
]

function likelyCause(evidence: StartEvidence): string | undefined {
  // A failure that names its cure needs no guess.
  if (/run: .* -m pip install/.test(evidence.failure)) return undefined
  const exit = evidence.exit ? describeExit(evidence.exit) : ''
  const seen = [evidence.failure, exit, ...[...evidence.stderr].reverse()]
  for (const { pattern, text } of CAUSES) {
    for (const line of seen) {
      const match = line.match(pattern)
      if (match) return text(match, evidence)
    }
  }
  return evidence.initRet === undefined ? undefined : "see the wrapper's lines above, and its wrapperInit"
}
