/** Batching parameters of TensorFlow Serving: `--batching-parameters-file`. */
import { ConfigError } from '../problem.ts'
import { type BatchingParameters, BatchingParametersSchema } from './generated/server_files_pb.ts'
import { readMessage } from './read.ts'

export interface ServingBatching {
  /** Requests that may wait for a model, where the file limits them. */
  readonly maxWaiting?: number
  readonly warnings: readonly string[]
}

/**
 * `name` is for messages. While each request is a run of its own, batches that may be enqueued are
 * requests that may wait; the rest is understood and has nothing to act on. Fails with a ConfigError.
 */
export function parseBatchingParameters(text: string, name: string): ServingBatching {
  const parameters = readMessage(BatchingParametersSchema, text, name)
  const { maxEnqueuedBatches } = parameters
  if (maxEnqueuedBatches !== undefined) requireCount(maxEnqueuedBatches, name)
  const idle = idleFields.filter(([, isSet]) => isSet(parameters)).map(([field]) => field)
  const warning = `${name}: no effect here before batching is built: ${idle.join(', ')}`
  return {
    ...(maxEnqueuedBatches !== undefined && { maxWaiting: Number(maxEnqueuedBatches) }),
    warnings: idle.length === 0 ? [] : [warning],
  }
}

function requireCount(value: bigint, where: string): void {
  if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return
  const message = `expected max_enqueued_batches to be a count, got ${value}`
  throw new ConfigError([{ where, message }])
}

type Field = readonly [name: string, isSet: (parameters: BatchingParameters) => boolean]

const idleFields: readonly Field[] = [
  ['max_batch_size', ({ maxBatchSize }) => maxBatchSize !== undefined],
  ['batch_timeout_micros', ({ batchTimeoutMicros }) => batchTimeoutMicros !== undefined],
  ['num_batch_threads', ({ numBatchThreads }) => numBatchThreads !== undefined],
  ['thread_pool_name', ({ threadPoolName }) => threadPoolName !== undefined],
  ['allowed_batch_sizes', ({ allowedBatchSizes }) => allowedBatchSizes.length > 0],
  ['pad_variable_length_inputs', ({ padVariableLengthInputs }) => padVariableLengthInputs],
  [
    'enable_large_batch_splitting',
    ({ enableLargeBatchSplitting }) => enableLargeBatchSplitting !== undefined,
  ],
  ['max_execution_batch_size', ({ maxExecutionBatchSize }) => maxExecutionBatchSize !== undefined],
]
