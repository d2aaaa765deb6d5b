import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A schema that lies beside the library. */
const BESIDE = 'schema.json'

export interface SchemaOptions {
  /** File that the configuration names; it must exist. */
  readonly file: string | undefined
  /** Folder of the library, where `schema.json` may lie. */
  readonly folder: string | undefined
  /** The name under which the daemon serves the engine. */
  readonly model: string
  readonly version: string
}

/**
 * The schema JSON of an engine, as plugin protocol 1 has it: that of a file, or one that leaves everything open.
 * @throws Error when the file that the configuration names cannot be read
 */
export function readSchema({ file, folder, model, version }: SchemaOptions): string {
  if (file !== undefined) return readFileSync(file, 'utf8')
  const beside = folder === undefined ? undefined : join(folder, BESIDE)
  if (beside !== undefined && existsSync(beside)) return readFileSync(beside, 'utf8')
  return JSON.stringify(openSchema(model, version))
}

/** An engine does not say what it takes: any parameter and any payload will do, and the example sends a text. */
function openSchema(model: string, version: string) {
  const open = { type: 'object', additionalProperties: true }
  const text = Buffer.from('hello').toString('base64')
  return {
    meta: { serviceId: model, version, [model]: { input: {}, accept: {} } },
    schemainput: { type: 'object', properties: { header: open, parameter: open, payload: open } },
    schemaoutput: { type: 'object', properties: { payload: open } },
    example: {
      header: { app_id: '123456', status: 3 },
      parameter: { [model]: {} },
      payload: { data: { encoding: 'utf8', status: 3, text } },
    },
  }
}
