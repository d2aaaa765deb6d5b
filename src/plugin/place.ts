import type { RunningPlugin } from './plugin-process.js'

/** What one request occupies of a replica, from the moment at which it is chosen until its plugin has let go of it. */
export class Place {
  /** Past this time the plugin counts as hung if it still holds the request; on the clock of `performance.now()`. */
  dueAt = Number.POSITIVE_INFINITY

  /** @param leave gives the place up */
  constructor(
    readonly plugin: RunningPlugin,
    readonly leave: () => void,
  ) {}
}
