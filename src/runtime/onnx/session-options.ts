/** What a model's configuration says of its session, told to ONNX Runtime. */
import type { ModelConfig } from '../../config/index.ts'
import { check, type Pointer } from './c-api.ts'
import type { NativeObjects } from './native-objects.ts'
import { addProviders, type ChosenProviders } from './providers.ts'

export type OnnxConfig = ModelConfig['onnx']

export interface SessionOptions {
  /** To be released once the session is made. */
  readonly handle: Pointer
  readonly providers: ChosenProviders
}

/** `threads`: how many one run may have, where it is to be over as soon as can be. */
export function makeSessionOptions(
  native: NativeObjects,
  config: OnnxConfig,
  threads: number,
): SessionOptions {
  const { api } = native
  const handle = native.make('sessionOptions', (out) => api.CreateSessionOptions(out))
  try {
    for (const status of apply(native, handle, config, threads)) check(api, status)
    return {
      handle,
      providers: addProviders(native, handle, config.providers, config.strict),
    }
  } catch (thrown) {
    native.release('sessionOptions', handle)
    throw thrown
  }
}

function* apply({ api }: NativeObjects, handle: Pointer, config: OnnxConfig, threads: number) {
  const isShared = config.profile === 'latency' && threads > 1
  const intraOpThreads = config.intraOpThreads ?? (isShared ? threads : undefined)
  const ownPool = intraOpThreads !== undefined || config.interOpThreads !== undefined
  if (!ownPool) yield api.DisablePerSessionThreads(handle)
  if (intraOpThreads !== undefined) yield api.SetIntraOpNumThreads(handle, intraOpThreads)
  if (config.interOpThreads !== undefined) {
    yield api.SetInterOpNumThreads(handle, config.interOpThreads)
  }
  yield api.AddSessionConfigEntry(handle, 'session.intra_op.allow_spinning', isShared ? '1' : '0')
  if (isShared) yield api.AddSessionConfigEntry(handle, spinDuration, betweenOperatorsUs)
  yield api.AddSessionConfigEntry(handle, 'session.inter_op.allow_spinning', '0')

  yield api.SetSessionGraphOptimizationLevel(handle, optimizationLevel[config.graphOptimization])
  yield api.SetSessionExecutionMode(handle, config.executionMode === 'parallel' ? 1 : 0)
  yield config.memoryPattern ? api.EnableMemPattern(handle) : api.DisableMemPattern(handle)
  yield config.cpuMemoryArena ? api.EnableCpuMemArena(handle) : api.DisableCpuMemArena(handle)
  if (config.deterministic !== undefined) {
    yield api.SetDeterministicCompute(handle, config.deterministic)
  }
  if (config.logSeverity !== undefined) {
    yield api.SetSessionLogSeverityLevel(handle, config.logSeverity)
  }
  if (config.profilingPrefix !== undefined) {
    yield api.EnableProfiling(handle, config.profilingPrefix)
  }
  for (const [axis, size] of Object.entries(config.freeDimensions)) {
    yield api.AddFreeDimensionOverrideByName(handle, axis, size)
  }
  for (const [denotation, size] of Object.entries(config.freeDimensionsByDenotation)) {
    yield api.AddFreeDimensionOverride(handle, denotation, size)
  }
  for (const [key, value] of Object.entries(config.session)) {
    yield api.AddSessionConfigEntry(handle, key, value)
  }
}

const spinDuration = 'session.intra_op.spin_duration_us'

/**
 * Threads that share a run watch for its next operator for so long, since to be woken takes longer
 * than most operators. As long as the library has it by default they would burn four times the CPU
 * of the runs at low load.
 */
const betweenOperatorsUs = '100'

const optimizationLevel = { off: 0, basic: 1, extended: 2, layout: 3, all: 99 } as const
