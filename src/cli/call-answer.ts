import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATA_TYPES, type DataType } from '../core/payload.js'

/** ASE's answer as far as it is read here. */
export interface AseAnswer {
  readonly header: { readonly code: number; readonly message?: string; readonly sid?: string }
  readonly payload?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | null
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Reads the text of an ASE answer; undefined when it is something else. */
export function parseAnswer(text: string): AseAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    const isAnswer = isObject(answer) && isObject(answer['header']) && typeof answer['header']['code'] === 'number'
    return isAnswer ? (answer as unknown as AseAnswer) : undefined
  } catch {
    return undefined
  }
}

/** File names come from the wire: nothing in them may lead out of the folder. */
const safeName = (name: string) => name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_')

function showOutput(name: string, output: Readonly<Record<string, unknown>>, folder: string | undefined): string {
  const type = DATA_TYPES.find((candidate: DataType) => candidate in output)
  if (type === undefined) return `${name}: (no data)`
  const value = output[type]
  if (type === 'text') return `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
  const data = Buffer.from(String(value), 'base64')
  const encoding = typeof output['encoding'] === 'string' ? output['encoding'] : ''
  const kind = [type, encoding].filter(part => part !== '').join(', ')
  if (folder === undefined) return `${name}: ${kind}, ${data.length} bytes (-o DIR writes it to a file)`
  const path = join(folder, safeName(encoding === '' ? name : `${name}.${encoding}`))
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, data)
  return `${name}: ${kind}, ${data.length} bytes, written to ${path}`
}

/** A line for each output: texts as they are, other data by size, or written into the folder. */
export function showOutputs(answer: AseAnswer, folder: string | undefined): string {
  const outputs = Object.entries(answer.payload ?? {})
  if (outputs.length === 0) return '(the answer holds no output)\n'
  return outputs.map(([name, output]) => `${showOutput(name, output, folder)}\n`).join('')
}
