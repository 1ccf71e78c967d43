/** Every route of every protocol, for whoever must look at all of them. */
import { SCOPES, type Scope } from './access.ts'
import type { HttpProtocol, Route } from './route.ts'

export interface TableRow {
  readonly method: Route['method']
  readonly path: string
  readonly scope: Scope
}

/** Throws a TypeError for a route that does not say who may use it: nothing is served by mistake. */
export function routeTable(protocols: readonly HttpProtocol[]): readonly TableRow[] {
  return protocols.flatMap(({ routes }) =>
    routes.map(({ method, path, scope }) => {
      if (SCOPES.includes(scope)) return { method, path, scope }
      throw new TypeError(`${method} ${path} has no scope: expected one of ${SCOPES.join(', ')}`)
    }),
  )
}
