import { setTimeout as delay } from 'node:timers/promises'
import type { Memory } from '../helpers/daemon-memory.js'

/** How a request ended, as its client saw it. */
export type Ending =
  | { readonly kind: 'correct' }
  /** One of the error catalogue. */
  | { readonly kind: 'error'; readonly reason: string }
  /** The run itself cut it off: its client left, or its daemon was killed. */
  | { readonly kind: 'cut' }
  /** An answer that is neither the right one nor an error with a name. */
  | { readonly kind: 'wrong'; readonly what: string }
  /** The connection ended without an answer. */
  | { readonly kind: 'lost'; readonly what: string }

/** A request that has no answer then is hung. No run gives the daemon more than a fraction of it. */
const HUNG_AFTER_MS = 60_000
/** How much larger the daemon may be at the end than after its first requests. */
const MOST_GROWTH = 1.1
/** From so many requests on this holds for the whole process, too, and not only for what it holds. */
const LONG_ENOUGH = 100_000
const EXAMPLES = 5

/** What became of everything that a run sent. */
export class Account {
  sent = 0
  correct = 0
  cut = 0
  wrong = 0
  lost = 0
  hung = 0
  /** Processes that outlived their daemon. */
  orphans = 0
  /** Named errors by reason. */
  readonly errors = new Map<string, number>()
  /** The daemon's memory after the first 10,000 requests, and at the end. */
  readonly memory: { early?: Memory; end?: Memory } = {}
  /** What else went wrong, and the first examples of what is counted above. */
  readonly notes: string[] = []
  private readonly started = performance.now()
  private examples = 0
  private ended: number | undefined

  /** @param leastCorrect share of the requests that have to be answered correctly, of those that were not cut off */
  constructor(
    readonly name: string,
    private readonly leastCorrect = 0,
  ) {}

  /** Counts a request and how it ends. What `send` throws counts as lost. */
  async request(send: () => Promise<Ending>): Promise<Ending | undefined> {
    this.sent += 1
    const timer = new AbortController()
    const hung = delay(HUNG_AFTER_MS, undefined, { signal: timer.signal }).catch(() => undefined)
    const ending = await Promise.race([send().catch(asLost), hung])
    timer.abort()
    this.count(ending)
    return ending
  }

  /** Counts a request that another client has sent, by how it ended. */
  take(ending: Ending): void {
    this.sent += 1
    this.count(ending)
  }

  /** The run is over; its time stops here. */
  close(): this {
    this.ended ??= performance.now()
    return this
  }

  get seconds(): number {
    return ((this.ended ?? performance.now()) - this.started) / 1000
  }

  /** What does not hold; empty when all is well. */
  faults(): string[] {
    const named = sum(this.errors.values())
    const counted = this.correct + named + this.cut
    const faults = [...this.notes]
    if (counted !== this.sent) faults.push(`${this.sent} were sent, but ${counted} were answered or cut off`)
    for (const kind of ['hung', 'wrong', 'lost', 'orphans'] as const) {
      if (this[kind] > 0) faults.push(`${kind}: ${this[kind]}`)
    }
    if (this.correct < this.leastCorrect * (this.sent - this.cut)) {
      faults.push(`fewer than ${this.leastCorrect * 100} % were answered correctly: ${this.correct} of ${this.sent}`)
    }
    for (const kind of this.sent < LONG_ENOUGH ? (['live'] as const) : (['live', 'resident'] as const)) {
      const { early: { [kind]: early = 0 } = {}, end: { [kind]: end = 0 } = {} } = this.memory
      if (early > 0 && end > early * MOST_GROWTH) {
        faults.push(`the daemon's ${kind} memory grew from ${inMiB(early)} to ${inMiB(end)} MiB`)
      }
    }
    return faults
  }

  private count(ending: Ending | undefined): void {
    if (ending === undefined) this.hung += 1
    else if (ending.kind === 'error') this.errors.set(ending.reason, (this.errors.get(ending.reason) ?? 0) + 1)
    else this[ending.kind] += 1
    if (ending && 'what' in ending && this.examples++ < EXAMPLES) this.notes.push(`${ending.kind}: ${ending.what}`)
  }
}

function asLost(error: unknown): Ending {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${error.cause})` : ''
  return { kind: 'lost', what: `${error}${cause}` }
}

const COUNTS = ['run', 'sent', 'correct', 'named errors', 'cut', 'hung', 'wrong', 'lost', 'orphans']
const COLUMNS = [...COUNTS, 'live MiB', 'RSS MiB', 's']

/** The accounts as a Markdown table. */
export function tableOf(accounts: readonly Account[]): string {
  const rows = accounts.map(account => {
    const errors = [...account.errors].map(([reason, count]) => `${reason} ${count}`).join(', ')
    const { early, end } = account.memory
    const [live, resident] = (['live', 'resident'] as const).map(kind =>
      [early, end].flatMap(memory => (memory === undefined ? [] : inMiB(memory[kind]))).join(' → '),
    )
    const { name, sent, correct, cut, hung, wrong, lost, orphans, seconds } = account
    return [name, sent, correct, errors || 0, cut, hung, wrong, lost, orphans, live, resident, seconds.toFixed(0)]
  })
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0)

const inMiB = (bytes: number) => Math.round(bytes / 2 ** 20)
