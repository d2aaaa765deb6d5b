import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { misconfigured } from './problem.js'

/** File in the working directory that adds to `[aiges] headerPass`, a header key a line. Source: the AIGES loader. */
const HEADER_PASS_FILE = 'headerPass.wrapper'

function readHeaderPassFile(): string {
  try {
    return readFileSync(resolve(HEADER_PASS_FILE), 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw misconfigured([`${HEADER_PASS_FILE}: cannot read the list of header keys: ${cause}`], cause)
  }
}

/** Joins the `;`-separated keys of `[aiges] headerPass` with those of the file, without blanks and duplicates. */
export function readHeaderPass(setting: string): readonly string[] {
  const keys = [...setting.split(';'), ...readHeaderPassFile().split('\n')].map(key => key.trim())
  return [...new Set(keys)].filter(key => key !== '')
}
