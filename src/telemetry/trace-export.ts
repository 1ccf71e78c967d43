/** Says when traces stop reaching the collector, and when they do again; not each time. */
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Log } from '../log.ts'

export function reporting(exporter: SpanExporter, log: Log): SpanExporter {
  let failing = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0 && !failing) {
          log.warn('traces do not reach the collector', { error: result.error })
        }
        if (result.code === 0 && failing) log.info('traces reach the collector again')
        failing = result.code !== 0
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  }
}
