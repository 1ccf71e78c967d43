/**
 * The composition root: configuration in, a running server out. Everything that lives as long as
 * the server is made here, and ended in the opposite order.
 */
import { cpus } from 'node:os'
import { adminProtocol } from './admin/index.ts'
import { openRedisStore, ResponseCache } from './cache/index.ts'
import { cpuQuota } from './cgroup.ts'
import { type Clock, systemClock } from './clock.ts'
import { keysThatNeedRestart, type ServerConfig, type ServingFiles } from './config/index.ts'
import { fail, type ServingError } from './errors.ts'
import { Control, controlToCome, Lifecycle, Overrides } from './lifecycle/index.ts'
import type { Log } from './log.ts'
import type { ModelControl, ReloadReport } from './model-control.ts'
import type { ModelStatus, Models } from './models.ts'
import { openInferenceRest } from './protocols/open-inference/rest/index.ts'
import { metricsProtocol, plainProtocol } from './protocols/plain/index.ts'
import { LocalSource, Registry } from './repository/index.ts'
import { OnnxRuntime } from './runtime/onnx/index.ts'
import { Autoscaler, Resources, Scheduler } from './scheduler/index.ts'
import { Learned, StateFolder } from './state/index.ts'
import { accessLog, Metrics, requestSpan, startTracing } from './telemetry/index.ts'
import { noTracer, type Tracer } from './trace.ts'
import { type Exchange, type HttpProtocol, HttpServer } from './transport/http/index.ts'
import { packageVersion } from './version.ts'

/** What a server is told, and may be told anew. */
export interface ServerSettings {
  readonly config: ServerConfig
  /** What files of TensorFlow Serving say beside it. */
  readonly servingFiles: ServingFiles
}

export interface ServeOptions extends ServerSettings {
  readonly adminToken: string | undefined
  /** For what outlives the process; nothing does where left out. */
  readonly stateFolder?: string | undefined
  /** Reads the configuration again, for a reload. Fails with RELOAD_REFUSED where it is not sound. */
  readonly reread: () => Promise<ServerSettings>
  readonly log: Log
}

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
  const starting = Promise.withResolvers<Started>()
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

  starting.resolve(start(options, registry, metrics))
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

interface Started {
  readonly control: Control
  readonly lifecycle: Lifecycle
  readonly fleet: Autoscaler
  readonly cache: ResponseCache
  readonly overrides: Overrides
  readonly state: StateFolder
  readonly runtime: OnnxRuntime
}

/** Starts the runtime, and makes what loads models into it. */
async function start(
  { config, servingFiles, stateFolder, reread, log }: ServeOptions,
  registry: Registry,
  metrics: Metrics,
): Promise<Started> {
  const { threads, library } = config.onnx
  const automatic = Math.max(1, Math.floor(cpuQuota() / threads))
  const executors = config.onnx.executors === 'auto' ? automatic : config.onnx.executors
  for (const warning of servingFiles.warnings) log.warn(warning)
  const runtime = await OnnxRuntime.start({ library, threadsPerRun: threads, executors })
  log.info('runtime started', { onnxruntime: runtime.version, executors, threads })
  const ground = { clock: systemClock, events: metrics, log }
  const queue = { ...config.queue, ...servingFiles.batching }
  const { maxBytes, redis: url } = config.cache
  const build = [packageVersion(), runtime.version, process.arch].join()
  const far = url === undefined ? undefined : await openRedisStore({ url, build, log })
  const cache = new ResponseCache({ ...ground, maxBytes, queue, far })
  const state = await StateFolder.open({ path: stateFolder, log })
  const machine = [build, cpus()[0]?.model ?? '', `${cpuQuota()}`, `${executors} of ${threads}`]
  const fleet = new Autoscaler({ ...ground, threads: runtime.threads })
  metrics.watch(fleet)
  const lifecycle = new Lifecycle({
    ...ground,
    registry,
    runtime,
    fleet,
    scheduler: new Scheduler({ runtime, queue, resources: limited(config), clock: systemClock }),
    cache,
    autoComplete: !config.disableAutoCompleteConfig,
    loadsAtOnce: config.load.atOnce,
    loadTimeoutMs: config.load.timeoutMs,
    drainTimeoutMs: config.drainTimeoutMs,
    memory: config.modelMemory,
    learned: state.remembers ? new Learned({ folder: state, machine, ...ground }) : undefined,
  })
  const overrides = new Overrides()
  let source = sourceOf({ config, servingFiles })
  const control = new Control({
    ...ground,
    mode: config.modelControlMode,
    loadModels: config.loadModels,
    pollMs: config.repositoryPollMs,
    source,
    lifecycle,
    models: registry,
    onStartKnown: () => registry.startIsKnown(),
    overrides,
    reread: async () => {
      const next = await reread()
      // a file that is written in place is empty for a moment
      if (!namesModels(next) && namesModels({ config, servingFiles })) {
        throw fail('RELOAD_REFUSED', { problem: 'no models are named any more' })
      }
      source = sourceOf(next, source)
      return { source, needRestart: keysThatNeedRestart(config, next.config) }
    },
  })
  return { control, lifecycle, fleet, cache, overrides, state, runtime }
}

const limited = ({ rateLimit: { mode, resources } }: ServerConfig): Resources | undefined =>
  mode === 'off' ? undefined : new Resources(new Map(Object.entries(resources)))

const namesModels = ({ config, servingFiles }: ServerSettings): boolean =>
  config.models.length + servingFiles.models.length > 0

function sourceOf({ config, servingFiles }: ServerSettings, after?: LocalSource): LocalSource {
  const { models: paths, name } = config
  return new LocalSource({ paths, name, listed: servingFiles.models, after })
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
