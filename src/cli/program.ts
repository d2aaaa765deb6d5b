import { Command, CommanderError } from 'commander'
import type { CallOptions } from './call.js'
import { CommandError, ExitCode, usageError } from './exit-codes.js'
import { normalizeGoFlags } from './go-flags.js'
import { packageVersion } from './package-files.js'
import { type ServeOptions, serve } from './serve.js'
import type { StreamOptions } from './stream.js'
import type { Terminal } from './terminal.js'
import { USAGE } from './usage.js'

interface RootOptions extends ServeOptions {
  readonly init?: true
  readonly mnist?: true
  readonly version?: true
}

const collect = (value: string, previous: readonly string[] = []) => [...previous, value]

function showVersion(terminal: Terminal): ExitCode {
  terminal.out(`aiservice ${packageVersion()}\n`)
  return ExitCode.ok
}

function addServeOptions(command: Command): Command {
  return command
    .option('-m, --mode <mode>', '0: local mode; 1: configuration centre, not available yet (default: 0)')
    .option(
      '-c, --config <file>',
      'configuration file; the default one is written when it is absent (default: aiges.toml)',
    )
    .option('-s, --service <name>', 'service, the name of its section (default: svcName)')
    .option('-p, --project <name>', 'project in the configuration centre')
    .option('-g, --group <name>', 'group in the configuration centre')
    .option('-u, --url <url>', 'URL of the configuration centre')
}

/** Options of whatever sends something to a running service. */
function addAskingOptions(command: Command): Command {
  return command
    .option('-u, --url <url>', "where the daemon's HTTP listens (default: http://127.0.0.1:1888)")
    .option('--base-path <path>', "the daemon's [protocols] asePath (default: /v1)")
    .option('--app <id>', 'app that sends the request, where the daemon asks for one')
    .option('--token <token>', 'token of the app (default: AISERVICE_TOKEN in the environment)')
    .option('--cert <file>', 'certificate to show (PEM), where the daemon asks for one; with --key')
    .option('--key <file>', 'its private key (PEM)')
    .option('--ca <file>', "authorities of the daemon's certificate (PEM; default: those of the system)")
    .option('-s, --service <name>', 'service (default: svcName)')
    .option('--timeout <ms>', 'ms to wait for the answer, or for the session to open (default: no limit)')
    .option('--param <name=value>', 'parameter, may be repeated; name="1" sends the text 1', collect)
    .option('--accept <name>', 'output to ask for, may be repeated (default: all)', collect)
}

// Each command is loaded when it is asked for, so that every one begins at once.
const init = async (terminal: Terminal) => (await import('./init.js')).init(terminal)
const mnist = async (terminal: Terminal) => (await import('./mnist.js')).mnist(terminal)

async function runRoot(options: RootOptions, terminal: Terminal): Promise<number> {
  if (options.version) return showVersion(terminal)
  if (options.init) return init(terminal)
  if (options.mnist) return mnist(terminal)
  return serve(options, terminal)
}

function addCommands(program: Command, terminal: Terminal, done: (exitCode: number) => void): void {
  addServeOptions(program.command('serve'))
    .description('serves until it is told to stop (the same as -m 0)')
    .action(async (options: ServeOptions) => done(await serve(options, terminal)))
  program
    .command('init')
    .description('writes aiges.toml into this folder; an existing one is left alone (the same as -init)')
    .action(async () => done(await init(terminal)))
  program
    .command('mnist')
    .description('writes the MNIST example to ./aiges_demo/mnist; existing files are kept (the same as -mnist)')
    .action(async () => done(await mnist(terminal)))
  program
    .command('create')
    .description('writes a new wrapper project into the folder NAME')
    .argument('[NAME]', 'name of the project')
    .option('-n, --name <NAME>', 'the same')
    .action(async (argument: string | undefined, { name }: { name?: string }) => {
      const chosen = name ?? argument
      if (chosen === undefined) throw usageError('create needs a name: aiservice create -n NAME')
      if (argument !== undefined && argument !== chosen) throw usageError(`two names: "${chosen}" and "${argument}"`)
      const { create } = await import('./create.js')
      done(create(chosen, terminal))
    })
  const calling = program
    .command('call')
    .description('sends one request to a running service and prints the answer')
    .argument('[inputs...]', 'key=text or key=@file (key=@@text for a text that begins with @)')
  addAskingOptions(calling)
    .option('-o, --output <dir>', 'folder that images and other binary outputs are written to')
    .option('--json', 'print the answer as JSON')
    .action(async (inputs: string[], options: CallOptions) => {
      const { call } = await import('./call.js')
      done(await call(inputs, options, terminal))
    })
  const streaming = program
    .command('stream')
    .description('sends a recording to a running service in frames and prints the results as they come')
    .argument('<input>', 'key=@file: a WAV file, or a .pcm or .raw file (16-bit mono, 16 kHz)')
  addAskingOptions(streaming)
    .option('--frame-ms <ms>', 'length of a frame (default: 40)')
    .option('--realtime', 'send at the pace of the recording (default: as fast as possible)')
    .option('--json', 'print every message as JSON')
    .action(async (input: string, options: StreamOptions) => {
      const { stream } = await import('./stream.js')
      done(await stream(input, options, terminal))
    })
  program
    .command('version')
    .description('prints the version (the same as -v)')
    .action(() => done(showVersion(terminal)))
}

/** Reports what ended a command early, and gives its exit code. */
function report(error: unknown, terminal: Terminal): ExitCode {
  // Commander wrote its message before it threw.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof CommandError) {
    terminal.err(`aiservice: ${error.message}\n`)
    return error.exitCode
  }
  const isSystemError = error instanceof Error && 'syscall' in error
  const text = error instanceof Error && !isSystemError ? (error.stack ?? error.message) : String(error)
  terminal.err(`aiservice: ${text}\n`)
  return ExitCode.failed
}

/** Runs one command line, without the program's name, and resolves with the exit code; never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.length === 0) {
    terminal.out(USAGE)
    return ExitCode.ok
  }
  let exitCode: number = ExitCode.ok
  const done = (code: number) => {
    exitCode = code
  }
  const program = addServeOptions(new Command('aiservice'))
    .exitOverride()
    .configureOutput({ writeOut: text => terminal.out(text), writeErr: text => terminal.err(text) })
    .enablePositionalOptions()
    .option('--init')
    .option('--mnist')
    .option('--version')
    .action(async (options: RootOptions) => done(await runRoot(options, terminal)))
    .helpCommand('help [command]', 'explains a command')
  program.helpInformation = () => USAGE
  addCommands(program, terminal, done)
  try {
    await program.parseAsync(normalizeGoFlags(args), { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, terminal)
  }
}
