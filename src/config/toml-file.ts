import { readFileSync } from 'node:fs'
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { misconfigured, type SourceFile } from './problem.js'

export interface TomlFile extends SourceFile {
  readonly content: TomlTable
}

/** Whether a value of a TOML document is a table, and not a scalar, a date or an array. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}

/** The lines around a mistake, but for the values of keys whose values are secret, and for texts that may be some. */
function withoutSecrets(codeblock: string): string {
  return codeblock
    .replace(/((?:token|tokens|secret|key)["']?\s*=).*/g, '$1 what is not shown here')
    .replace(/(["'])[^"'\n]{16,}/g, '$1…')
}

/**
 * Reads a TOML file; `name` is what messages call it.
 * @throws ServiceError `misconfigured` when it cannot be read, is not UTF-8 or not TOML
 */
export function readTomlFile(path: string, name: string = path): TomlFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'there is no such file' : String(cause)
    throw misconfigured([`${name}: cannot read the configuration: ${why}`], cause)
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw misconfigured([`${name}: the file is not UTF-8 text; save it with the encoding UTF-8`], cause)
  }
  try {
    // Integers that a double cannot hold must reach the wrapper digit by digit.
    return { name, text, content: parse(text, { integersAsBigInt: 'asNeeded' }) }
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const [what = ''] = cause.message.split('\n')
    throw misconfigured([`${name}:${cause.line}:${cause.column}: ${what}\n${withoutSecrets(cause.codeblock)}`])
  }
}
