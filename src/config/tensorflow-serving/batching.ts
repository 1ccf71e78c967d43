/** Batching parameters of TensorFlow Serving: `--batching-parameters-file`. */
import { ConfigError, type Problem } from '../problem.ts'
import { type BatchingParameters, BatchingParametersSchema } from './generated/server_files_pb.ts'
import { readMessage } from './read.ts'

/** What the file says of every model that does not say it itself. */
export interface ServingBatching {
  /** Requests that may wait for a model. */
  readonly maxWaiting?: number
  /** The most rows that requests are joined to. */
  readonly maxBatchSize?: number
  /** The time a request may wait for others although it could run. */
  readonly maxDelayMs?: number
  /** How many runs of a model may go on at once. */
  readonly executors?: number
  readonly warnings: readonly string[]
}

/** `name` is for messages. Fails with a ConfigError that holds every problem. */
export function parseBatchingParameters(text: string, name: string): ServingBatching {
  const parameters = readMessage(BatchingParametersSchema, text, name)
  const problems = [...problemsOf(parameters)].map((message): Problem => ({ where: name, message }))
  if (problems.length > 0) throw new ConfigError(problems)
  const { batchTimeoutMicros, maxEnqueuedBatches, numBatchThreads } = parameters
  const rows = rowsOf(parameters)
  return {
    ...(maxEnqueuedBatches !== undefined && {
      maxWaiting: Math.min(
        Number.MAX_SAFE_INTEGER,
        Number(maxEnqueuedBatches) * (rows ?? usualRows),
      ),
    }),
    ...(rows !== undefined && { maxBatchSize: rows }),
    ...(batchTimeoutMicros !== undefined && { maxDelayMs: Number(batchTimeoutMicros) / 1000 }),
    ...(numBatchThreads !== undefined && { executors: Number(numBatchThreads) }),
    warnings: [...warningsOf(parameters)].map((warning) => `${name}: ${warning}`),
  }
}

function* problemsOf(parameters: BatchingParameters): Iterable<string> {
  for (const [field, least, value] of [
    ['max_batch_size', 1, parameters.maxBatchSize],
    ['batch_timeout_micros', 0, parameters.batchTimeoutMicros],
    ['max_enqueued_batches', 0, parameters.maxEnqueuedBatches],
    ['num_batch_threads', 1, parameters.numBatchThreads],
    ['max_execution_batch_size', 1, parameters.maxExecutionBatchSize],
  ] as const) {
    if (value === undefined) continue
    if (value >= BigInt(least) && value <= BigInt(Number.MAX_SAFE_INTEGER)) continue
    yield `expected ${field} to be a whole number from ${least} on, got ${value}`
  }
}

/** A request with more rows is split there; here it runs by itself, and nothing joins it. */
function rowsOf(parameters: BatchingParameters): number | undefined {
  const { enableLargeBatchSplitting, maxExecutionBatchSize, maxBatchSize } = parameters
  const rows = (enableLargeBatchSplitting && maxExecutionBatchSize) || maxBatchSize
  return rows === undefined ? undefined : Number(rows)
}

function* warningsOf(parameters: BatchingParameters): Iterable<string> {
  if (parameters.allowedBatchSizes.length > 0) {
    yield 'allowed_batch_sizes has no effect: no rows are added to fill a batch up'
  }
  if (parameters.padVariableLengthInputs) {
    yield 'pad_variable_length_inputs has no effect: batching.padding in a model.yaml says which inputs are filled up, and with what'
  }
  if (parameters.threadPoolName !== undefined) {
    yield 'thread_pool_name has no effect: all models share the threads of the server'
  }
}

/** Of a batch there where nothing is said. */
const usualRows = 1000
