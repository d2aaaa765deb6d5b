import type { Addresses } from '../../helpers/scenario-front-end.js'
import type { Ending } from '../account.js'
import type { Random } from '../random.js'

/** A source of malformed requests. */
export interface Fuzzer {
  readonly name: string
  prepare(at: Addresses, random: Random): Promise<Attack>
}

export interface Attack {
  /** Sends the next one and judges the answer. */
  send(): Promise<Ending>
  close(): void
}
