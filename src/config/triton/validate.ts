/** Holds a configuration against Triton's rules, in Triton's words: scripts match on them. */
import { fail } from '../../errors.ts'
import { ENSEMBLE, platformMismatch } from './backend.ts'
import { fillIn } from './fill-in.ts'
import type { TritonConfig } from './triton-config.ts'
import { dynamicBatchingProblems } from './validate-dynamic-batching.ts'
import { ensembleProblems } from './validate-ensemble.ts'
import { instanceProblems } from './validate-instances.ts'
import { sequenceBatchingProblems } from './validate-sequence-batching.ts'
import { tensorProblems } from './validate-tensors.ts'

export interface ValidateOptions {
  /** That of the model's folder. */
  readonly name: string
}

/** Fails with MODEL_UNSUPPORTED for the first rule that is broken. */
export function validateTritonConfig(config: TritonConfig, { name }: ValidateOptions): void {
  for (const problem of problems(fillIn(config, name), name)) {
    throw fail('MODEL_UNSUPPORTED', { problem })
  }
}

function* problems(config: TritonConfig, folder: string): Iterable<string> {
  const { name } = config
  yield* backendProblems(config)
  if (config.maxBatchSize < 0) yield `'max_batch_size' must be non-negative value for ${name}`
  yield* versionProblems(config)
  yield* schedulingProblems(config)
  if (config.modelTransactionPolicy?.decoupled && config.responseCache?.enable) {
    yield `Response Cache does not currently support model ${name} with 'decoupled' transaction policy. Please disable the response cache.`
  }
  yield* metricProblems(config)
  if (name !== folder) {
    yield `unexpected directory name '${folder}' for model '${name}', directory name must equal model name`
  }
  yield* tensorProblems(config)
  yield* instanceProblems(config)
}

function* backendProblems({ name, platform, backend }: TritonConfig): Iterable<string> {
  if (backend === '' && platform !== ENSEMBLE) {
    yield `unexpected platform type '${platform}' for ${name}`
  }
  if (backend !== '' && platform === ENSEMBLE) {
    yield `Ensemble model '${name}' must have platform type '${platform}' and empty backend type`
  }
  if (platformMismatch(platform, backend)) {
    yield `unexpected 'platform' and 'backend' pair, got:${platform}, ${backend}`
  }
}

/** Ours: Triton takes these, and then finds no version to load. */
function* versionProblems({ name, versionPolicy }: TritonConfig): Iterable<string> {
  const choice = versionPolicy?.policyChoice
  if (choice?.case === undefined) yield `must specify 'version policy' for ${name}`
  if (choice?.case === 'latest' && choice.value.numVersions === 0) {
    yield `'num_versions' of the version policy must be at least 1 for ${name}`
  }
  if (choice?.case === 'specific') {
    const { versions } = choice.value
    if (versions.length === 0 || versions.some((version) => version < 1n)) {
      yield `'versions' of the version policy must be one or more versions from 1 on for ${name}`
    }
  }
}

function* schedulingProblems(config: TritonConfig): Iterable<string> {
  const { name, platform, schedulingChoice } = config
  switch (schedulingChoice.case) {
    case 'dynamicBatching':
      yield* dynamicBatchingProblems(config, schedulingChoice.value)
      break
    case 'sequenceBatching':
      yield* sequenceBatchingProblems(config, schedulingChoice.value)
      break
    case 'ensembleScheduling':
      yield* ensembleProblems(config, schedulingChoice.value)
      break
  }
  if (platform === ENSEMBLE && schedulingChoice.case !== 'ensembleScheduling') {
    yield `ensemble scheduling must be set for ensemble ${name} whose platform is ${ENSEMBLE}`
  }
}

function* metricProblems({ modelMetrics }: TritonConfig): Iterable<string> {
  for (const { metricIdentifier, metricOptions } of modelMetrics?.metricControl ?? []) {
    if (metricIdentifier === undefined) yield "metric control must specify 'metric_identifier'"
    if (metricIdentifier?.family === '') yield "metric identifier must specify non-empty 'family'"
    if (metricOptions.case === undefined) yield "metric control must specify 'histogram_options'"
    if (metricOptions.value?.buckets.length === 0) {
      yield "histogram options must specify non-empty 'buckets'"
    }
  }
}
