/**
 * Traces to an OpenTelemetry collector, over OTLP and HTTP. The packages are optional, and are
 * imported only by whoever switches tracing on.
 */
import type { Clock } from '../clock.ts'
import { systemClock } from '../clock.ts'
import type { Log } from '../log.ts'
import { noTracer, parseTraceparent, type Span, type TraceIds, type Tracer } from '../trace.ts'
import { reporting } from './trace-export.ts'

export interface TracingOptions {
  /** The collector: `http://127.0.0.1:4318`. `/v1/traces` is added where it is missing. */
  readonly endpoint: string
  readonly serviceName: string
  readonly serviceVersion?: string
  readonly log: Log
  readonly clock?: Clock
  /** Milliseconds since 1970. */
  readonly wallNow?: () => number
  /** Other than for tests: the packages as they are installed. */
  readonly load?: () => Promise<Packages>
}

/** Where the packages are missing: one warning that says how to get them, and no traces. */
export async function startTracing(options: TracingOptions): Promise<Tracer> {
  const { load = loadPackages, log } = options
  try {
    return startWith(await load(), options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    log.warn('tracing is off: its packages are not installed', {
      install: `npm install ${packageNames.join(' ')}`,
    })
    return noTracer
  }
}

function startWith(packages: Packages, options: TracingOptions): Tracer {
  const { api, base, otlp, resources } = packages
  const { serviceName, serviceVersion, log, clock = systemClock, wallNow = Date.now } = options
  const ids = new GivenIds(new base.RandomIdGenerator())
  const provider = new base.BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': serviceName,
      ...(serviceVersion !== undefined && { 'service.version': serviceVersion }),
    }),
    sampler: new base.ParentBasedSampler({ root: new base.AlwaysOnSampler() }),
    idGenerator: ids,
    spanProcessors: [
      new base.BatchSpanProcessor(
        reporting(
          new otlp.OTLPTraceExporter({
            url: tracesUrl(options.endpoint),
            timeoutMillis: exportTimeoutMs,
          }),
          log,
        ),
      ),
    ],
  })
  const tracer = provider.getTracer('sluice', serviceVersion)

  return {
    on: true,
    span(name, span) {
      // the clock never jumps, the collector wants wall time: tied together anew each time
      const epoch = wallNow() - clock.now()
      const { parent, self } = identities(span)
      ids.next = self
      const recorded = tracer.startSpan(
        name,
        {
          kind: api.SpanKind[kinds[span.kind ?? 'internal']],
          startTime: hrTime(epoch + span.startMs),
          ...(span.attributes !== undefined && { attributes: { ...span.attributes } }),
        },
        parent === undefined
          ? api.ROOT_CONTEXT
          : api.trace.setSpanContext(api.ROOT_CONTEXT, {
              traceId: parent.traceId,
              spanId: parent.spanId,
              traceFlags: parent.flags,
              isRemote: true,
            }),
      )
      ids.next = undefined
      if (span.error !== undefined) {
        recorded.setAttribute('error.type', span.error.reason)
        recorded.setStatus({ code: api.SpanStatusCode.ERROR, message: span.error.message })
      }
      recorded.end(hrTime(epoch + span.endMs))
    },
    async shutdown() {
      // a collector that does not answer must not hold up the end of the process
      let cancel = () => {}
      const late = new Promise<void>((resolve) => {
        cancel = clock.wakeAt(clock.now() + shutdownTimeoutMs, resolve)
      })
      await Promise.race([provider.shutdown().catch(() => {}), late])
      cancel()
    },
  }
}

/** Gives the ids that were handed out before, and random ones otherwise. */
class GivenIds {
  next: TraceIds | undefined
  readonly #random: Pick<GivenIds, 'generateTraceId' | 'generateSpanId'>

  constructor(random: Pick<GivenIds, 'generateTraceId' | 'generateSpanId'>) {
    this.#random = random
  }

  generateTraceId(): string {
    return this.next?.traceId ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.next?.spanId ?? this.#random.generateSpanId()
  }
}

/** A parent of another trace than the one given out would tear the span from its children. */
function identities(span: Span): { parent: TraceIds | undefined; self: TraceIds | undefined } {
  const parent = parseTraceparent(span.traceparent)
  const self = parseTraceparent(span.self)
  const related = parent === undefined || self === undefined || parent.traceId === self.traceId
  return { parent: related ? parent : undefined, self }
}

function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, '')
  return base.endsWith('/v1/traces') ? base : `${base}/v1/traces`
}

/** Seconds and nanoseconds: plain milliseconds could be taken for moments of `performance.now()`. */
function hrTime(epochMs: number): [number, number] {
  const seconds = Math.floor(epochMs / 1000)
  return [seconds, Math.floor((epochMs - seconds * 1000) * 1e6)]
}

const kinds = { server: 'SERVER', internal: 'INTERNAL', client: 'CLIENT' } as const
const exportTimeoutMs = 2500
const shutdownTimeoutMs = 3000

const packageNames = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
] as const

interface Packages {
  readonly api: typeof import('@opentelemetry/api')
  readonly base: typeof import('@opentelemetry/sdk-trace-base')
  readonly otlp: typeof import('@opentelemetry/exporter-trace-otlp-http')
  readonly resources: typeof import('@opentelemetry/resources')
}

async function loadPackages(): Promise<Packages> {
  const [api, base, otlp, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  return { api, base, otlp, resources }
}
