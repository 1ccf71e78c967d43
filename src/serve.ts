/**
 * The composition root: configuration in, a running server out. Everything that lives as long as
 * the server is made here, and ended in the opposite order.
 */
import { adminProtocol } from './admin/index.ts'
import { type Clock, systemClock } from './clock.ts'
import type { ServerConfig } from './config/index.ts'
import type { ServingError } from './errors.ts'
import { controlToCome } from './lifecycle/index.ts'
import type { Log } from './log.ts'
import type { ModelControl, ReloadReport } from './model-control.ts'
import type { ModelStatus, Models } from './models.ts'
import { openInferenceRest } from './protocols/open-inference/rest/index.ts'
import { metricsProtocol, plainProtocol } from './protocols/plain/index.ts'
import { Registry } from './repository/index.ts'
import { type ServedModels, serveModels } from './serve-models.ts'
import type { ServeOptions } from './serve-options.ts'
import { accessLog, Metrics, requestSpan, startTracing } from './telemetry/index.ts'
import { noTracer, type Tracer } from './trace.ts'
import { type Exchange, type HttpProtocol, HttpServer } from './transport/http/index.ts'
import { packageVersion } from './version.ts'

export type { ServeOptions, ServerSettings } from './serve-options.ts'

export interface RunningServer {
  /** Undefined where HTTP is switched off. */
  readonly url: string | undefined
  readonly metricsUrl: string | undefined
  /** Every model, once each has settled: ready or failed. */
  readonly settled: Promise<readonly ModelStatus[]>
  /** As `ModelControl.reload`. */
  reload(): Promise<ReloadReport>
  /**
   * Not ready at once; what was accepted is answered, within the configured time. True if all was,
   * false if some had to be given up.
   */
  stop(): Promise<boolean>
  /**
   * Resolves when the runtime has ended as well, after a stop: a load that was given up goes on
   * until the library lets go of it.
   */
  readonly ended: Promise<void>
}

/** Fails with the system's error where a port cannot be had. Models may still be loading. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { config, servingFiles, adminToken, log } = options
  const clock = systemClock
  const serverVersion = packageVersion()
  const metrics = new Metrics({ version: serverVersion })
  const tracer = await tracerOf(config, serverVersion, log)
  const registry = new Registry({
    defaultModel: config.default,
    strict: config.readiness.strict,
    events: metrics,
  })
  const starting = Promise.withResolvers<ServedModels>()
  starting.promise.catch(() => {}) // told to whoever awaits what has settled
  const control = controlToCome(
    config.modelControlMode,
    registry,
    starting.promise.then((started) => started.control),
  )
  const protocols = protocolsOf({
    config,
    models: registry,
    control,
    metrics,
    metricsPath: servingFiles.metricsPath,
    clock,
    serverVersion,
  })
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

  starting.resolve(serveModels(options, registry, metrics))
  const settled = starting.promise
    .then((started) => started.control.start())
    .then(() => registry.list())
  settled.catch(() => {}) // whoever awaits it is told; nobody else should be
  const ended = Promise.withResolvers<void>()
  return {
    url: http?.url,
    metricsUrl: metricsServer && `${metricsServer.url}/metrics`,
    settled,
    reload: () => control.reload(),
    stop: async () => {
      registry.stopAccepting()
      let gaveUp = false
      const patience = setTimeout(() => {
        gaveUp = http !== undefined && http.underWay > 0
        http?.abort()
      }, config.shutdownTimeoutMs)
      // where the start failed there is nothing to unload, but the ports are to be closed
      const started = await starting.promise.catch(() => undefined)
      started?.control.stop()
      await http?.drain()
      started?.fleet.close()
      await started?.lifecycle.stop()
      await started?.cache.close()
      await started?.state.close()
      clearTimeout(patience)
      await started?.overrides.close()
      await close()
      ended.resolve(started?.runtime.close())
      return !gaveUp
    },
    ended: ended.promise,
  }
}

export interface ProtocolsOptions {
  readonly config: ServerConfig
  readonly models: Models
  readonly control: ModelControl
  readonly metrics: Metrics
  /** A further path for the metrics. */
  readonly metricsPath?: string | undefined
  readonly clock: Clock
  readonly serverVersion: string
}

/** What is spoken on each port. */
export function protocolsOf(options: ProtocolsOptions): {
  readonly http: readonly HttpProtocol[]
  readonly metrics: readonly HttpProtocol[]
} {
  const { config, models, control, metrics, metricsPath, clock, serverVersion } = options
  const renderMetrics = () => metrics.render()
  const about = { serverName: config.server.name, serverVersion }
  const { repositoryControl } = config
  return {
    http: [
      openInferenceRest({ models, control, repositoryControl, statistics: metrics, ...about }),
      adminProtocol({ models, control, fleet: () => metrics.fleet }),
      plainProtocol({ models, clock, renderMetrics, metricsPath, ...about }),
    ],
    metrics: [metricsProtocol({ renderMetrics, metricsPath })],
  }
}

type OnAnswered = (exchange: Exchange, error: ServingError | undefined) => void

function onAnswered(config: ServerConfig, log: Log, tracer: Tracer): OnAnswered {
  const writeAccess = config.log.access ? accessLog(log) : () => {}
  return (exchange, error) => {
    const { request, response, call, startedAt, route, model, version } = exchange
    const method = request.method ?? ''
    const endMs = systemClock.now()
    const status = response.headersSent ? response.statusCode : 499
    const access = {
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
    }
    writeAccess(access)
    if (!tracer.on) return
    const traceparent = exchange.header('traceparent')
    requestSpan(tracer, access, { traceparent, self: call.traceparent, startMs: startedAt, endMs })
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
