/**
 * What Triton reads from the model's file where its configuration does not say: inputs, outputs and
 * whether requests may have many rows.
 * Source: `AutoCompleteConfig` of Triton's backend for ONNX Runtime.
 */
import { clone, create } from '@bufbuild/protobuf'
import { fail } from '../../errors.ts'
import type { Signature, TensorSpec } from '../../signature.ts'
import { dynamic } from '../../tensor/index.ts'
import { backendOf } from './backend.ts'
import { dataTypeOf } from './data-type.ts'
import { fillIn, fillInScheduling } from './fill-in.ts'
import {
  type ModelConfig,
  ModelConfigSchema,
  ModelDynamicBatchingSchema,
  ModelInputSchema,
  ModelOutputSchema,
  ModelTensorReshapeSchema,
  ModelTransactionPolicySchema,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

/** What Triton calls `default-max-batch-size`. */
const BATCH_SIZE = 4

/**
 * A copy of a configuration that was filled in, completed where it lacks inputs or outputs; else
 * nothing is. Fails with MODEL_UNSUPPORTED where rows are asked for that the model cannot take.
 */
export function completeTritonConfig(config: TritonConfig, signature: Signature): TritonConfig {
  const completed = clone(ModelConfigSchema, config)
  const { input, batchInput, output } = completed
  if (input.length + batchInput.length > 0 && output.length > 0) return completed

  const inputs = signature.inputs.filter(({ optional }) => optional !== true)
  if (takesRows({ ...signature, inputs })) completeBatching(completed)
  else if (completed.maxBatchSize !== 0) {
    throw fail('MODEL_UNSUPPORTED', {
      problem: `autofill failed for model '${config.name}': model does not support batching while non-zero max_batch_size is specified`,
    })
  }
  const specOf = (spec: TensorSpec) => withAxes(spec, completed.maxBatchSize)
  if (input.length + batchInput.length === 0) {
    completed.input = inputs.map((spec) => create(ModelInputSchema, specOf(spec)))
  }
  if (output.length === 0) {
    completed.output = signature.outputs.map((spec) => create(ModelOutputSchema, specOf(spec)))
  }
  return completed
}

export interface Described {
  readonly name: string
  readonly platform: string
  readonly signature: Signature
}

/**
 * The configuration of a model that has none, completed or only told. Its shapes are told as they
 * are: a tensor may have no axis beside that of its rows, or none.
 */
export function describeModel(described: Described, complete: boolean): TritonConfig {
  const { name, platform, signature } = described
  const written = create(ModelConfigSchema, { platform })
  const config = fillIn(
    create(ModelConfigSchema, { platform, backend: backendOf(written) || platform }),
    name,
  )
  if (complete && takesRows(signature)) completeBatching(config)
  const tensorOf = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    dataType: dataTypeOf(datatype),
    dims: dimsOf(shape, config.maxBatchSize),
  })
  config.input = signature.inputs.map((spec) =>
    create(ModelInputSchema, { ...tensorOf(spec), optional: spec.optional ?? false }),
  )
  config.output = signature.outputs.map((spec) => create(ModelOutputSchema, tensorOf(spec)))
  if (signature.streams === true) {
    config.modelTransactionPolicy = create(ModelTransactionPolicySchema, { decoupled: true })
  }
  return config
}

/** Whether the first axis of every tensor may have any size. */
const takesRows = ({ inputs, outputs }: Signature): boolean =>
  inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === dynamic)

function completeBatching(config: ModelConfig): void {
  if (config.maxBatchSize === 0) config.maxBatchSize = BATCH_SIZE
  if (config.maxBatchSize > 1 && config.schedulingChoice.case === undefined) {
    config.schedulingChoice = { case: 'dynamicBatching', value: create(ModelDynamicBatchingSchema) }
  }
  fillInScheduling(config)
}

/** No tensor of Triton is without axes: one place stands for none. */
function withAxes({ name, datatype, shape }: TensorSpec, maxBatchSize: number) {
  const dims = dimsOf(shape, maxBatchSize)
  const scalar = dims.length === 0
  return {
    name,
    dataType: dataTypeOf(datatype),
    dims: scalar ? [1n] : dims,
    ...(scalar && maxBatchSize > 0 ? { reshape: create(ModelTensorReshapeSchema) } : {}),
  }
}

const dimsOf = (shape: readonly number[], maxBatchSize: number): bigint[] =>
  shape.slice(maxBatchSize > 0 ? 1 : 0).map(BigInt)
