/** Cross-origin requests from browsers: off but for the origins that are listed. */
import type { Exchange } from './exchange.ts'

export function allowOrigin(exchange: Exchange, origins: readonly string[]): void {
  if (origins.length === 0) return
  const { response } = exchange
  response.setHeader('vary', 'origin')
  const origin = exchange.header('origin')
  if (origin === undefined || !origins.includes(origin)) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'x-request-id, x-sluice-version, retry-after')
}

export function answerOptions(exchange: Exchange, methods: readonly string[]): void {
  const { response } = exchange
  const allow = [...methods, 'OPTIONS'].join(', ')
  response.setHeader('allow', allow)
  if (response.hasHeader('access-control-allow-origin')) {
    response.setHeader('access-control-allow-methods', allow)
    const wanted = exchange.header('access-control-request-headers')
    if (wanted !== undefined) response.setHeader('access-control-allow-headers', wanted)
    response.setHeader('access-control-max-age', '600')
  }
  response.writeHead(204, exchange.head()).end()
}
