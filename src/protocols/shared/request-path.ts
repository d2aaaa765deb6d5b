/** The decoded path of a request target, without its query; as it stands where it cannot be decoded. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A path below a base path. @param rest without a slash in front */
export function pathBelow(base: string, rest: string): string {
  return base === '/' ? `/${rest}` : `${base}/${rest}`
}

/** Whether a path is a base path or lies below it. */
export function isAtOrBelow(path: string, base: string): boolean {
  return base === '/' || path === base || path.startsWith(`${base}/`)
}
