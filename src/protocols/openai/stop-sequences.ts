/**
 * Ends a text that comes in pieces before the first of some sequences, also where a sequence lies across pieces. What
 * may be the begin of a sequence is held back until the next piece says whether it is.
 */
export class StopSequences {
  private held = ''

  constructor(private readonly sequences: readonly string[]) {}

  /** @returns what may be passed on, and whether a sequence was found; nothing may be added then */
  add(piece: string): { readonly text: string; readonly stopped: boolean } {
    const text = this.held + piece
    const found = this.sequences.map(sequence => text.indexOf(sequence)).filter(at => at >= 0)
    if (found.length > 0) {
      this.held = ''
      return { text: text.slice(0, Math.min(...found)), stopped: true }
    }
    const begun = Math.max(0, ...this.sequences.map(sequence => overlap(text, sequence)))
    this.held = text.slice(text.length - begun)
    return { text: text.slice(0, text.length - begun), stopped: false }
  }

  /** What was held back when the text ended. */
  rest(): string {
    return this.held
  }
}

/** Length of the longest end of a text that is the begin of a sequence, and not the whole of it. */
function overlap(text: string, sequence: string): number {
  let length = Math.min(text.length, sequence.length - 1)
  while (length > 0 && !text.endsWith(sequence.slice(0, length))) length--
  return length
}
