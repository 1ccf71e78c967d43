/** Triton's rules for `input`, `output`, `batch_input` and `batch_output`. */
import { TENSORRT_PLATFORM } from './backend.ts'
import {
  type BatchInput,
  BatchInput_KindSchema,
  type BatchOutput,
  BatchOutput_KindSchema,
  DataType,
  type ModelInput,
  ModelInput_Format,
  type ModelOutput,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'
import { reshapeProblems } from './validate-reshape.ts'

export function* tensorProblems(config: TritonConfig): Iterable<string> {
  for (const problem of everyProblem(config)) yield `${problem} for ${config.name}`
}

function* everyProblem(config: TritonConfig): Iterable<string> {
  for (const input of config.input) yield* inputProblems(input, config)
  for (const output of config.output) yield* outputProblems(output, config)
  for (const batch of config.batchInput) yield* batchInputProblems(batch, config)
  for (const batch of config.batchOutput) yield* batchOutputProblems(batch, config)
}

function* inputProblems(input: ModelInput, config: TritonConfig): Iterable<string> {
  yield* shapeProblems(input, 'model input ', config.maxBatchSize)
  if (input.format !== ModelInput_Format.NONE && input.dims.length !== 3) {
    yield 'model input NHWC/NCHW require 3 dims'
  }
  yield* foreignProblems(input, 'input', config.platform)
}

function* outputProblems(output: ModelOutput, config: TritonConfig): Iterable<string> {
  yield* shapeProblems(output, 'model output ', config.maxBatchSize)
  yield* foreignProblems(output, 'output', config.platform)
}

function* shapeProblems(
  tensor: ModelInput | ModelOutput,
  kind: string,
  maxBatchSize: number,
): Iterable<string> {
  if (tensor.name === '') yield `${kind}must specify 'name'`
  const who = `${kind}'${tensor.name}' `
  if (tensor.dataType === DataType.TYPE_INVALID) yield `${who}must specify 'data_type'`
  if (tensor.dims.length === 0) yield `${who}must specify 'dims'`
  if (tensor.reshape?.shape.length === 0 && maxBatchSize === 0) {
    yield `${who}cannot have empty reshape for non-batching model as scalar tensors are not supported`
  }
  if (!tensor.dims.every(isDimension)) {
    yield `${who}dimension must be integer >= 1, or -1 to indicate a variable-size dimension`
  }
  if (tensor.reshape === undefined) return
  if (!tensor.reshape.shape.every(isDimension)) {
    yield `${who}reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension`
  }
  for (const problem of reshapeProblems(tensor.dims, tensor.reshape.shape)) {
    yield `${who}${problem}`
  }
}

const isDimension = (size: bigint): boolean => size >= 1n || size === -1n

/** What only TensorRT has. */
function* foreignProblems(
  tensor: ModelInput | ModelOutput,
  kind: string,
  platform: string,
): Iterable<string> {
  const isTensorRt = platform === TENSORRT_PLATFORM
  if (tensor.isShapeTensor && !isTensorRt) {
    yield 'shape tensors are only supported for TensorRT platform'
  }
  if (!tensor.isNonLinearFormatIo) return
  if (!isTensorRt) yield 'Non-linear IO format is only supported for the TensorRT platform'
  if (tensor.dims.length !== 3) yield `Non-linear IO format ${kind} requires 3 dims`
}

function* batchInputProblems(batch: BatchInput, config: TritonConfig): Iterable<string> {
  const kind = BatchInput_KindSchema.value[batch.kind]?.name ?? `${batch.kind}`
  if (BatchInput_KindSchema.value[batch.kind] === undefined) {
    yield `unknown batch input kind '${kind}'`
  }
  if (batch.sourceInput.length !== 1) {
    yield `batch input kind '${kind}' expects 1 source input, got ${batch.sourceInput.length}`
  }
  if (batch.dataType !== DataType.TYPE_INT32 && batch.dataType !== DataType.TYPE_FP32) {
    yield 'batch input data type must be TYPE_INT32 or TYPE_FP32'
  }
  yield* sourceProblems(batch.sourceInput, config)
}

function* batchOutputProblems(batch: BatchOutput, config: TritonConfig): Iterable<string> {
  const kind = BatchOutput_KindSchema.value[batch.kind]?.name ?? `${batch.kind}`
  if (BatchOutput_KindSchema.value[batch.kind] === undefined) {
    yield `unknown batch output kind '${kind}'`
  }
  if (batch.sourceInput.length !== 1) {
    yield `batch output kind '${kind}' expects 1 source input, got ${batch.sourceInput.length}`
  }
  yield* sourceProblems(batch.sourceInput, config)
  for (const [index, target] of batch.targetName.entries()) {
    if (!config.output.some(({ name }) => name === target)) {
      yield `unknown target output name '${target}'`
    }
    if (batch.targetName.indexOf(target) !== index) {
      yield `target output name '${target}' can only be specified once`
    }
  }
}

function* sourceProblems(sources: readonly string[], { input }: TritonConfig): Iterable<string> {
  for (const source of sources) {
    if (!input.some(({ name }) => name === source)) yield `unknown source input name '${source}'`
  }
}
