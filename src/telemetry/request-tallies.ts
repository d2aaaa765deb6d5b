/** Requests and how long they took together, in ms. */
export interface Tally {
  readonly count: number
  readonly durationMs: number
}

/** What has become of the requests to one version of a model since the daemon started. */
export interface RequestTallies {
  /** When the last one began, in ms since 1970; 0: there was none. */
  readonly lastBegun: number
  readonly ok: Tally
  /** Those that ended with an error, or because the client left. */
  readonly failed: Tally
}

/** Requests that are counted at several places, together. */
export function sumTallies(tallies: readonly RequestTallies[]): RequestTallies {
  return {
    lastBegun: Math.max(0, ...tallies.map(({ lastBegun }) => lastBegun)),
    ok: sum(tallies.map(({ ok }) => ok)),
    failed: sum(tallies.map(({ failed }) => failed)),
  }
}

function sum(tallies: readonly Tally[]): Tally {
  const total = (read: (tally: Tally) => number) => tallies.reduce((soFar, tally) => soFar + read(tally), 0)
  return { count: total(({ count }) => count), durationMs: total(({ durationMs }) => durationMs) }
}
