import { packageFile } from './package-files.js'

/** A word as a POSIX shell reads it back. */
const quote = (word: string) => (/^[\w./@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/**
 * The shell lines that serve a freshly written project. They make a virtual environment, because systems often have no
 * `python` or let nothing be installed beside it, and install the SDK that this package brings, which no registry has.
 */
export function howToRun(folder: string, serve: string): string {
  return `
to run it:
  cd ${folder}
  python3 -m venv .venv && . .venv/bin/activate
  python -m pip install ${quote(packageFile('plugins', 'python'))} -r requirements.txt
  ${serve}
`
}
