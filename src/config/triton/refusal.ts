/**
 * What is promised and not built yet: a model that asks for it is refused by name, never served as
 * if it had not asked. Whoever builds one deletes its line.
 */
import { fail, type ServingError } from '../../errors.ts'
import { backendOf, ENSEMBLE, ONNX_RUNTIME } from './backend.ts'
import { CHECKSUM_AGENT } from './checksums.ts'
import type { TritonConfig } from './triton-config.ts'

/** NOT_BUILT for the first feature that is; undefined where a model can be served as it asks. */
export function refusalOf(config: TritonConfig): ServingError | undefined {
  for (const what of unbuilt(config)) return fail('NOT_BUILT', { what })
  return undefined
}

function* unbuilt(config: TritonConfig): Iterable<string> {
  const { schedulingChoice } = config
  if (schedulingChoice.case === 'ensembleScheduling' || config.platform === ENSEMBLE) {
    yield 'an ensemble of models (ensemble_scheduling)'
  }
  const backend = backendOf(config)
  if (backend !== ONNX_RUNTIME) yield `the backend "${backend}"`
  if (schedulingChoice.case === 'sequenceBatching') {
    const { iterativeSequence, state } = schedulingChoice.value
    if (iterativeSequence) {
      yield 'requests that are run until they are done (sequence_batching.iterative_sequence)'
    }
    if (state.some(({ useGrowableMemory }) => useGrowableMemory)) {
      yield 'states in memory that grows on a GPU (sequence_batching.state.use_growable_memory)'
    }
  }
  if (config.modelTransactionPolicy?.decoupled) {
    yield 'any number of answers to a request (model_transaction_policy.decoupled)'
  }
  if (config.modelOperations?.opLibraryFilename.length) {
    yield 'a library of operators (model_operations.op_library_filename)'
  }
  for (const { name } of config.modelRepositoryAgents?.agents ?? []) {
    if (name !== CHECKSUM_AGENT) yield `the repository agent "${name}" (model_repository_agents)`
  }
}
