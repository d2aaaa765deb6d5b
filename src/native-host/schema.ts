import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseWrapperSchema } from '../plugin/wrapper-schema.js'

/** A schema that lies beside the library. */
const BESIDE = 'schema.json'

export interface SchemaOptions {
  /** File that the configuration names; it must exist. */
  readonly file: string | undefined
  /** Folder of the library, where `schema.json` may lie. */
  readonly folder: string | undefined
}

/**
 * The schema JSON of an engine that comes with one, as plugin protocol 1 has it.
 * @throws Error when there is a file and it cannot be read, or is no schema
 */
export function readSchema({ file, folder }: SchemaOptions): string | undefined {
  if (file !== undefined) return readFrom(file)
  const beside = folder === undefined ? undefined : join(folder, BESIDE)
  return beside !== undefined && existsSync(beside) ? readFrom(beside) : undefined
}

function readFrom(file: string): string {
  const text = readFileSync(file, 'utf8')
  try {
    parseWrapperSchema(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`the schema ${file} cannot be used: ${why}`, { cause: error })
  }
  return text
}

/**
 * The schema JSON of an engine that does not say what it takes: any parameter and any payload will do, and the example
 * sends a text.
 * @param model the name under which the daemon serves the engine
 */
export function openSchema(model: string, version: string): string {
  const open = { type: 'object', additionalProperties: true }
  const text = Buffer.from('hello').toString('base64')
  return JSON.stringify({
    meta: { serviceId: model, version, [model]: { input: {}, accept: {} } },
    schemainput: { type: 'object', properties: { header: open, parameter: open, payload: open } },
    schemaoutput: { type: 'object', properties: { payload: open } },
    example: {
      header: { app_id: '123456', status: 3 },
      parameter: { [model]: {} },
      payload: { data: { encoding: 'utf8', status: 3, text } },
    },
  })
}
