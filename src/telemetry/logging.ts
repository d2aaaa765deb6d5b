import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino'
import { type LogFileOptions, openLogFile } from './log-file.js'
import { type LineStream, LogSink } from './log-sink.js'

/** Pino's levels; `silent` writes nothing at all. */
export type LogLevel = LevelWithSilent

export interface LoggingOptions extends Omit<LogFileOptions, 'path' | 'onTidyFailure'> {
  /** `silent` writes nothing at all. */
  readonly level: LevelWithSilent
  /** Where JSON lines go beside stdout; see `LogFileOptions.path`. Undefined: stdout alone. */
  readonly file: string | undefined
  /** Lines for people on stdout, as on a terminal; JSON lines otherwise. */
  readonly pretty: boolean
  /** Where the lines for stdout go. Default: the process's stdout. */
  readonly stdout?: DestinationStream
  /** See `LogSinkOptions.retryDelayMs`. */
  readonly retryDelayMs?: number
}

export interface Logging {
  readonly log: Logger
  /** Lines that a full disk, a folder that cannot be written or a closed stdout has cost so far. */
  lostLines(): number
  /** Writes what is buffered; call it last. */
  close(): Promise<void>
}

const MAX_BUFFERED_BYTES = 8 << 20

/** Makes the daemon's logger. Never rejects: a file that cannot be written is one warning on stdout, and tried again. */
export async function createLogger(options: LoggingOptions): Promise<Logging> {
  const { level, file, pretty, stdout } = options
  const sinks: LogSink[] = []
  const writers: ((line: string) => void)[] = []
  const log = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    {
      write: line => {
        for (const write of writers) write(line)
      },
    },
  )

  const addSink = async (name: string, open: () => Promise<LineStream>) => {
    const sink = new LogSink({
      open,
      onFailure: err => log.warn({ err }, `the log cannot be written to ${name}; trying again until it can`),
      onRecovery: lostLines => log.warn({ lostLines }, `the log is written to ${name} again`),
      ...(options.retryDelayMs === undefined ? {} : { retryDelayMs: options.retryDelayMs }),
    })
    sinks.push(sink)
    await sink.start()
    return (line: string) => sink.write(line)
  }

  const writeStdout = stdout ? (line: string) => stdout.write(line) : await addSink('stdout', openStdout)
  const format = pretty ? await prettyFormat() : undefined
  writers.push(format ? line => writeStdout(format(harmless(line))) : writeStdout)
  if (file !== undefined && level !== 'silent') {
    const onTidyFailure = (err: Error) => log.warn({ err }, `old files of ${file} cannot be tidied away`)
    writers.push(await addSink(file, () => openLogFile({ ...options, path: file, onTidyFailure })))
  }

  return {
    log,
    lostLines: () => sinks.reduce((sum, sink) => sum + sink.lostLines, 0),
    async close() {
      await Promise.all(sinks.map(sink => sink.close()))
    },
  }
}

/** For people only, so it is not loaded where nobody looks. */
async function prettyFormat(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' })
}

/** A control character as JSON has it, but for line feed and tab. */
const ESCAPED_CONTROL = /(?<!\\)((?:\\\\)*)\\(u00[01][0-9a-f]|[rbf])/g

/** Those that JSON does not escape; some terminals obey them. */
const FURTHER_CONTROL = /[\u007f-\u009f]/g

const LINE_FEED = /(?<!\\)((?:\\\\)*)\\n/g

/**
 * A line of JSON whose texts do nothing to a terminal: what clients write stands in them. Control characters are shown as
 * they are written in JSON, and no further line of a text begins where one of the log would.
 */
function harmless(line: string): string {
  return line.replace(ESCAPED_CONTROL, '$1\\\\$2').replace(FURTHER_CONTROL, '�').replace(LINE_FEED, '$1\\n    ')
}

async function openStdout(): Promise<LineStream> {
  return destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES }) as unknown as LineStream
}
