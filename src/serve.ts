/**
 * The composition root: configuration in, a running server out. Everything that lives as long as
 * the server is made here, and ended in the opposite order.
 */
import { cpuQuota } from './cgroup.ts'
import { type Clock, systemClock } from './clock.ts'
import type { ServerConfig } from './config/index.ts'
import type { ServingError } from './errors.ts'
import { Lifecycle } from './lifecycle.ts'
import type { Log } from './log.ts'
import type { ModelStatus, Models } from './models.ts'
import { openInferenceRest } from './protocols/open-inference/rest/index.ts'
import { metricsProtocol, plainProtocol } from './protocols/plain/index.ts'
import { discover, Registry } from './repository/index.ts'
import { OnnxRuntime } from './runtime/onnx/index.ts'
import { Slots } from './scheduler/index.ts'
import { accessLog, Metrics, startTracing } from './telemetry/index.ts'
import { noTracer, type Tracer } from './trace.ts'
import { type Exchange, type HttpProtocol, HttpServer } from './transport/http/index.ts'
import { packageVersion } from './version.ts'

export interface ServeOptions {
  readonly config: ServerConfig
  readonly adminToken: string | undefined
  readonly log: Log
}

export interface RunningServer {
  /** Undefined where HTTP is switched off. */
  readonly url: string | undefined
  readonly metricsUrl: string | undefined
  /** Every model, once each has settled: ready or failed. */
  readonly settled: Promise<readonly ModelStatus[]>
  /**
   * Not ready at once; what was accepted is answered, within the configured time. True if all was,
   * false if some had to be given up.
   */
  stop(): Promise<boolean>
}

/** Fails with the system's error where a port cannot be had. Models may still be loading. */
export async function serve({ config, adminToken, log }: ServeOptions): Promise<RunningServer> {
  const clock = systemClock
  const serverVersion = packageVersion()
  const metrics = new Metrics({ version: serverVersion })
  const tracer = await tracerOf(config, serverVersion, log)
  const registry = new Registry({
    defaultModel: config.default,
    strict: config.readiness.strict,
    events: metrics,
  })
  const protocols = protocolsOf({ config, models: registry, metrics, clock, serverVersion })
  const listen = async (
    port: number | 'off',
    served: readonly HttpProtocol[],
    onAnswered: OnAnswered,
  ) => {
    if (port === 'off') return undefined
    const { host, allowedHosts, corsOrigins } = config.http
    const access = { boundTo: host, adminToken, allowedHosts, corsOrigins }
    const { http } = config
    return HttpServer.listen({
      ...http,
      port,
      protocols: served,
      access,
      clock,
      log,
      tracer,
      onAnswered,
    })
  }
  // both ports before anything is loaded: one that is taken should not cost a minute to learn
  let http: HttpServer | undefined
  let metricsServer: HttpServer | undefined
  const close = async () => {
    for (const server of [http, metricsServer]) {
      server?.abort()
      await server?.drain()
    }
    metrics.close()
    await tracer.shutdown()
  }
  try {
    http = await listen(config.http.port, protocols.http, onAnswered(config, log, tracer))
    metricsServer = await listen(config.metrics.port, protocols.metrics, () => {})
  } catch (thrown) {
    await close()
    throw thrown
  }

  const stopping = new AbortController()
  const models = start(config, { registry, metrics, log, stopping: stopping.signal })
  const settled = models.then(() => registry.list())
  settled.catch(() => {}) // whoever awaits it is told; nobody else should be
  return {
    url: http?.url,
    metricsUrl: metricsServer && `${metricsServer.url}/metrics`,
    settled,
    stop: async () => {
      stopping.abort()
      registry.stopAccepting()
      let gaveUp = false
      const patience = setTimeout(() => {
        gaveUp = http !== undefined && http.underWay > 0
        http?.abort()
      }, config.shutdownTimeoutMs)
      await http?.drain()
      // where the start failed there is nothing to unload, but the ports are to be closed
      const started = await models.catch(() => undefined)
      await started?.lifecycle.unloadAll()
      clearTimeout(patience)
      await started?.runtime.close()
      await close()
      return !gaveUp
    },
  }
}

export interface ProtocolsOptions {
  readonly config: ServerConfig
  readonly models: Models
  readonly metrics: Metrics
  readonly clock: Clock
  readonly serverVersion: string
}

/** What is spoken on each port. */
export function protocolsOf({ config, models, metrics, clock, serverVersion }: ProtocolsOptions): {
  readonly http: readonly HttpProtocol[]
  readonly metrics: readonly HttpProtocol[]
} {
  const renderMetrics = () => metrics.render()
  const about = { serverName: config.server.name, serverVersion }
  return {
    http: [
      openInferenceRest({ models, statistics: metrics, ...about }),
      plainProtocol({ models, clock, renderMetrics, ...about }),
    ],
    metrics: [metricsProtocol({ renderMetrics })],
  }
}

interface Ground {
  readonly registry: Registry
  readonly metrics: Metrics
  readonly log: Log
  /** Nothing more is loaded once it is aborted. */
  readonly stopping: AbortSignal
}

/** Starts the runtime and loads what is found on the paths. */
async function start(config: ServerConfig, { registry, metrics, log, stopping }: Ground) {
  const { threads, library } = config.onnx
  const automatic = Math.max(1, Math.floor(cpuQuota() / threads))
  const executors = config.onnx.executors === 'auto' ? automatic : config.onnx.executors
  const starting = OnnxRuntime.start({ library, threadsPerRun: threads, executors })
  const [finding] = await Promise.allSettled([discover(config.models, config.name), starting])
  const runtime = await starting
  if (finding.status === 'rejected') {
    await runtime.close()
    throw finding.reason
  }
  const found = finding.value
  log.info('runtime started', { onnxruntime: runtime.version, executors, threads })
  const lifecycle = new Lifecycle({
    registry,
    runtime,
    slots: new Slots(runtime.capacity),
    maxWaiting: config.queue.maxWaiting,
    clock: systemClock,
    events: metrics,
    log,
  })
  if (found.length === 0) log.warn('nothing to serve', { hint: 'name a model file or a folder' })
  await lifecycle.loadAll(found, stopping)
  if (config.default !== undefined && !found.some(({ name }) => name === config.default)) {
    log.warn('the default model is not there', { model: config.default })
  }
  return { lifecycle, runtime }
}

type OnAnswered = (exchange: Exchange, error: ServingError | undefined) => void

function onAnswered(config: ServerConfig, log: Log, tracer: Tracer): OnAnswered {
  const writeAccess = config.log.access ? accessLog(log) : () => {}
  return (exchange, error) => {
    const { request, response, call, startedAt, route, model, version } = exchange
    const method = request.method ?? ''
    const endMs = systemClock.now()
    const status = response.headersSent ? response.statusCode : 499
    writeAccess({
      method,
      route,
      url: request.url ?? '',
      status,
      requestId: call.requestId,
      durationMs: endMs - startedAt,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      model,
      version,
      error,
    })
    if (!tracer.on) return
    tracer.span(`${method} ${route}`, {
      kind: 'server',
      traceparent: exchange.header('traceparent'),
      self: call.traceparent,
      startMs: startedAt,
      endMs,
      error,
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        ...(model !== undefined && { 'sluice.model': model }),
        ...(version !== undefined && { 'sluice.version': version }),
      },
    })
  }
}

async function tracerOf({ traces, server }: ServerConfig, serviceVersion: string, log: Log) {
  if (traces.endpoint === undefined) return noTracer
  return startTracing({
    endpoint: traces.endpoint,
    serviceName: server.name,
    serviceVersion,
    log,
  })
}
