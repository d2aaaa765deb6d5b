import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The address that takes connections of every family the machine has. */
function allAddresses(): string {
  const hasIPv6 = Object.values(networkInterfaces()).some(list => list?.some(entry => entry.family === 'IPv6'))
  return hasIPv6 ? '::' : '0.0.0.0'
}

/** Reads `host:port`, `[ipv6]:port` or `:port` (all addresses); undefined when it is none of these. */
export function parseListenAddress(value: string): ListenAddress | undefined {
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[^\s:/[\]]*)):(?<port>\d{1,5})$/.exec(value.trim())
  const { ipv6, name, port: digits } = match?.groups ?? {}
  const port = Number(digits)
  if (match === null || port > 65535 || (ipv6 !== undefined && !isIPv6(ipv6))) return undefined
  return { host: (ipv6 ?? name) || allAddresses(), port }
}
