/** What a protocol gives the server: its routes, and how it words an error. */
import type { ServingError } from '../../errors.ts'
import type { Scope } from './access.ts'
import type { Exchange } from './exchange.ts'

export interface HttpProtocol {
  /** Under which paths an error without a route is worded its way: `/v2`. */
  readonly prefix: string
  readonly routes: readonly Route[]
  /** Answers with an error. */
  fail(exchange: Exchange, error: ServingError): void
}

export interface Route {
  readonly method: 'GET' | 'POST'
  /** In the words of find-my-way: `/predict/:model`. */
  readonly path: string
  readonly scope: Scope
  /** Answers by the exchange, or fails. */
  handle(exchange: Exchange): Promise<void> | void
}

export const get = (path: string, scope: Scope, handle: Route['handle']): Route => {
  return { method: 'GET', path, scope, handle }
}

export const post = (path: string, scope: Scope, handle: Route['handle']): Route => {
  return { method: 'POST', path, scope, handle }
}
