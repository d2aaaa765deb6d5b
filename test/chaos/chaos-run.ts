import type { Account } from './account.js'
import type { Random } from './random.js'

export interface RunContext {
  readonly random: Random
  /** The short form, as part of `npm test`: fewer requests, and no limit that a busy machine could miss. */
  readonly short: boolean
}

export interface ChaosRun {
  readonly name: string
  /** It says nothing when it is short, and is not part of the short form. */
  readonly onlyLong?: true
  /** Plays it to the end and leaves nothing running. What goes wrong is in the accounts. */
  play(context: RunContext): Promise<readonly Account[]>
}
