import type { FastifyInstance } from 'fastify'

interface KnownRoute {
  /** Its path between slashes; one that begins with a colon stands for anything. */
  readonly parts: readonly string[]
  readonly methods: readonly string[]
}

/**
 * Keeps note of the routes that are added to a server from here on, so that a request that none of them takes can be
 * told which methods its path has. A route that ends in a wildcard does not count: it decides itself what exists.
 * @returns gives the methods of a path, none where no route has it
 */
export function knownRoutes(server: FastifyInstance): (path: string) => readonly string[] {
  const routes: KnownRoute[] = []
  server.addHook('onRoute', ({ url, method }) => {
    if (!url.includes('*')) routes.push({ parts: url.split('/'), methods: [method].flat() })
  })
  return path => {
    const parts = path.split('/')
    return [...new Set(routes.filter(route => fits(route.parts, parts)).flatMap(({ methods }) => methods))].sort()
  }
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((expected, index) => expected.startsWith(':') || expected === parts[index])
  )
}
