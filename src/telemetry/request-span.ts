/** The span of a request that was answered, with the attributes that OpenTelemetry names for HTTP. */
import type { Span, Tracer } from '../trace.ts'
import type { Access } from './access-log.ts'

export function requestSpan(
  tracer: Tracer,
  { method, route, status, model, version, error }: Access,
  when: Pick<Span, 'traceparent' | 'self' | 'startMs' | 'endMs'>,
): void {
  tracer.span(`${method} ${route}`, {
    ...when,
    kind: 'server',
    error,
    attributes: {
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route }),
      'http.response.status_code': status,
      ...(model !== undefined && { 'sluice.model': model }),
      ...(version !== undefined && { 'sluice.version': version }),
    },
  })
}
