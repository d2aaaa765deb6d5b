/** An absolute path, from its first to its last slash. */
const FOLDERS = /(?<![\w.…])\/(?:[^\s/'"(),;:]+\/)*(?=[^\s/'"(),;:]+)/g

/** An address of IPv4, or of IPv6 where that is shortened, with its port. */
const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|(?<![\w:])\[?(?=[\da-f:]*::)[\da-f:]+(?:\]:\d+)?(?![\w:])/gi

/** A process, and how it was called. */
const PROCESS = /\bprocess \d+(?: \([^)]*\))?/g

/**
 * What anybody may see of a text that was made for the log: its first line, files without their folders, no address and
 * no other process of this machine.
 */
export function withoutPlaces(text: string): string {
  const [line = ''] = text.split('\n')
  return line.replace(FOLDERS, '').replace(ADDRESS, '…').replace(PROCESS, 'another process')
}
