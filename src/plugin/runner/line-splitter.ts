import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A process that writes without line ends must not grow the daemon: longer lines are handed on in pieces. */
const MAX_LINE = 64 * 1024

/** Calls back for each line of a stream, without its line end; the last one may be unfinished. */
export function onLines(stream: Readable, listener: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string) => {
    rest += text
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      listener(rest.slice(start, end).replace(/\r$/, ''))
      start = end + 1
    }
    rest = rest.slice(start)
    while (rest.length > MAX_LINE) {
      listener(rest.slice(0, MAX_LINE))
      rest = rest.slice(MAX_LINE)
    }
  }
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)))
  stream.on('end', () => {
    take(decoder.end())
    if (rest !== '') listener(rest)
  })
}
