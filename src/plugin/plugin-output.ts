import type { Logger } from 'pino'

type Level = 'debug' | 'info' | 'warn' | 'error'

const LEVELS: Readonly<Record<string, Level>> = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  WARN: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
  FATAL: 'error',
}

/** The level word of the usual Python formats: at the start, or between separators as in `name - INFO: text`. */
const LEVEL_WORD = /(?:^|[\s[|:-])(DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)(?=[\s\]|:]|$)/

/** How hclog, the logger of programs built with go-plugin, writes its level in JSON. */
const HCLOG_LEVEL = /^\{.*"@level":"([a-z]+)"/

/** How the SDK marks what is logged while a thread works on a request. */
const SID_TAG = /^([A-Z]+) \[sid=([^\]\s]+)\] /

/** How many of the last lines are kept to explain a failure. */
const KEPT = 20

/** The output of one plugin process: logged line by line with its level, the last lines kept for a diagnosis. */
export class PluginOutput {
  private readonly lines: string[] = []
  /** A traceback's lines belong to the error that they explain. */
  private inTraceback = false

  constructor(private readonly log: Logger) {}

  add(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return
    this.lines.push(line)
    if (this.lines.length > KEPT) this.lines.shift()
    const [tag, level, sid] = SID_TAG.exec(line) ?? []
    if (tag === undefined) this.log[this.levelOf(line)]({ stream }, line)
    else this.log[this.levelOf(line)]({ stream, sid }, `${level} ${line.slice(tag.length)}`)
  }

  get last(): readonly string[] {
    return this.lines
  }

  private levelOf(line: string): Level {
    if (line.startsWith('Traceback (most recent call last)')) {
      this.inTraceback = true
      return 'error'
    }
    if (this.inTraceback) {
      // The line after the indented ones names the exception and ends the traceback.
      if (!/^\s/.test(line)) this.inTraceback = false
      return 'error'
    }
    const word = HCLOG_LEVEL.exec(line)?.[1]?.toUpperCase() ?? LEVEL_WORD.exec(line)?.[1] ?? ''
    return LEVELS[word] ?? 'info'
  }
}
