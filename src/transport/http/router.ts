/** Finds the route of a request, and the protocol that words its errors. */
import findMyWay from 'find-my-way'
import { fail, type ServingError } from '../../errors.ts'
import type { HttpProtocol, Route } from './route.ts'
import { routeTable } from './route-table.ts'

export type Match =
  | {
      readonly protocol: HttpProtocol
      readonly route: Route
      readonly params: Readonly<Record<string, string | undefined>>
    }
  | {
      readonly protocol: HttpProtocol
      readonly problem: ServingError
      readonly allowed: readonly string[]
    }

export class Router {
  readonly #routes = findMyWay({ maxParamLength: 1024 })
  readonly #protocols: readonly HttpProtocol[]

  constructor(protocols: readonly HttpProtocol[]) {
    this.#protocols = protocols
    routeTable(protocols)
    for (const protocol of protocols) {
      for (const route of protocol.routes) {
        this.#routes.on(route.method, route.path, unused, { protocol, route })
      }
    }
  }

  /** HEAD is answered as GET is. */
  match(method: string, path: string): Match {
    const found = this.#find(method === 'HEAD' ? 'GET' : method, path)
    if (found !== undefined) return found
    const protocol = this.#protocolOf(path)
    const allowed = METHODS.filter((other) => this.#find(other, path) !== undefined).flatMap(
      (other) => (other === 'GET' ? ['GET', 'HEAD'] : [other]),
    )
    const problem =
      allowed.length === 0
        ? fail('ROUTE_NOT_FOUND', { url: path.slice(0, 100) })
        : fail('METHOD_NOT_ALLOWED', { method, allowed })
    return { protocol, problem, allowed }
  }

  #find(method: string, path: string) {
    const found = this.#routes.find(method as 'GET', path)
    if (found === null || found.store === undefined || found.store === null) return undefined
    const { protocol, route } = found.store as { protocol: HttpProtocol; route: Route }
    return { protocol, route, params: found.params }
  }

  /** The protocol with the longest prefix of the path; the last one has the empty prefix. */
  #protocolOf(path: string): HttpProtocol {
    return this.#protocols.reduce(
      (best, protocol) => {
        const fits = path === protocol.prefix || path.startsWith(`${protocol.prefix}/`)
        return fits && protocol.prefix.length > best.prefix.length ? protocol : best
      },
      this.#protocols.find(({ prefix }) => prefix === '') ?? this.#protocols[0]!,
    )
  }
}

const METHODS = ['GET', 'POST'] as const

// find-my-way wants a handler; ours is found in the store beside it
const unused = () => {}
