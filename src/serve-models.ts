/**
 * The part of the composition that loads models and runs them: the runtime, the scheduler, the cache,
 * what is remembered, and the lives of versions.
 */
import { cpus } from 'node:os'
import { openRedisStore, ResponseCache } from './cache/index.ts'
import { cpuQuota } from './cgroup.ts'
import { systemClock } from './clock.ts'
import { keysThatNeedRestart, type ServerConfig } from './config/index.ts'
import { fail } from './errors.ts'
import { Control, Lifecycle, Overrides } from './lifecycle/index.ts'
import { LocalSource, type Registry } from './repository/index.ts'
import { OnnxRuntime } from './runtime/onnx/index.ts'
import { Autoscaler, Resources, Scheduler } from './scheduler/index.ts'
import type { ServeOptions, ServerSettings } from './serve-options.ts'
import { Learned, StateFolder } from './state/index.ts'
import type { Metrics } from './telemetry/index.ts'
import { packageVersion } from './version.ts'

export interface ServedModels {
  readonly control: Control
  readonly lifecycle: Lifecycle
  readonly fleet: Autoscaler
  readonly cache: ResponseCache
  readonly overrides: Overrides
  readonly state: StateFolder
  readonly runtime: OnnxRuntime
}

/** Starts the runtime, and makes what loads models into it and keeps them served. */
export async function serveModels(
  options: ServeOptions,
  registry: Registry,
  metrics: Metrics,
): Promise<ServedModels> {
  const { config, servingFiles, log } = options
  const { threads, library } = config.onnx
  const automatic = Math.max(1, Math.floor(cpuQuota() / threads))
  const executors = config.onnx.executors === 'auto' ? automatic : config.onnx.executors
  for (const warning of servingFiles.warnings) log.warn(warning)
  const runtime = await OnnxRuntime.start({ library, threadsPerRun: threads, executors })
  try {
    log.info('runtime started', { onnxruntime: runtime.version, executors, threads })
    return await compose(options, runtime, {
      registry,
      metrics,
      machine: `${executors} of ${threads}`,
    })
  } catch (thrown) {
    await runtime.close()
    throw thrown
  }
}

interface Around {
  readonly registry: Registry
  readonly metrics: Metrics
  /** What runs share, for what is remembered of them. */
  readonly machine: string
}

async function compose(
  { config, servingFiles, stateFolder, reread, log }: ServeOptions,
  runtime: OnnxRuntime,
  { registry, metrics, machine: shared }: Around,
): Promise<ServedModels> {
  const ground = { clock: systemClock, events: metrics, log }
  const queue = { ...config.queue, ...servingFiles.batching }
  const { maxBytes, redis: url } = config.cache
  const build = [packageVersion(), runtime.version, process.arch].join()
  const far = url === undefined ? undefined : await openRedisStore({ url, build, log })
  const cache = new ResponseCache({ ...ground, maxBytes, queue, far })
  const state = await StateFolder.open({ path: stateFolder, log })
  const machine = [build, cpus()[0]?.model ?? '', `${cpuQuota()}`, shared]
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
