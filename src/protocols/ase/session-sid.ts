/** What the sids of one daemon have in common. */
export interface SidOrigin {
  /** Service type, 3 letters (`[aiges] sub`). */
  readonly sub: string
  /** Address and port of the daemon's internal server, which tell daemons apart. */
  readonly host: string
  readonly port: number
}

export interface SidParts extends SidOrigin {
  readonly pid: number
  /** Number of the session in this process. */
  readonly counter: number
  /** Unix time of its begin in ms. */
  readonly timeMs: number
}

/** Where the daemon runs; the reference has this word when no configuration centre says more (golden transcript). */
const LOCATION = 'local'

/** The last digit of every sid (golden transcript). */
const SID_VERSION = '2'

/**
 * Names a session in the form of the ASE protocol, such as `ase009b0001@local1a1fdf5597e0000502`: sub, process and
 * counter in 4 hex digits each, `@`, location, time in 11 hex digits, the last two bytes of the IPv4 address in 4, the
 * first two digits of the port, version.
 */
export function sessionSid({ sub, host, port, pid, counter, timeMs }: SidParts): string {
  const address = /^\d+\.\d+\.(\d+)\.(\d+)$/.exec(host)
  const [high, low] = address === null ? [0, 0] : [Number(address[1]), Number(address[2])]
  const instance = hex(pid & 0xffff, 4) + hex(counter & 0xffff, 4)
  const place = hex(high, 2) + hex(low, 2) + String(port).padStart(2, '0').slice(0, 2)
  return `${sub}${instance}@${LOCATION}${hex(timeMs, 11)}${place}${SID_VERSION}`
}

/** Makes the function that names the sessions of this process. */
export function sidSource(origin: SidOrigin): () => string {
  let counter = 0
  return () => sessionSid({ ...origin, pid: process.pid, counter: ++counter, timeMs: Date.now() })
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
