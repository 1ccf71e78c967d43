/**
 * Holds the tensors of a configuration against those of the model's file, in Triton's words.
 * Source: `ValidateInputs`, `ValidateOutputs` and `CompareDimsSupported` of Triton's backend for
 * ONNX Runtime.
 */
import { fail } from '../../errors.ts'
import type { InputSpec, Signature, TensorSpec } from '../../signature.ts'
import { dynamic, type Shape } from '../../tensor/index.ts'
import { dataTypeName, dataTypeOf } from './data-type.ts'
import {
  type BatchInput,
  BatchInput_Kind,
  type ModelInput,
  type ModelOutput,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export interface MatchedTensor<Spec extends TensorSpec> {
  /** As the model's file has it, with the sizes that the configuration fixes. */
  readonly model: Spec
  /** As clients see it. */
  readonly clients: Spec
}

export interface MatchedTensors {
  /** One of different shapes is one axis to the model, and rows to clients. */
  readonly inputs: readonly MatchedTensor<InputSpec>[]
  readonly outputs: readonly MatchedTensor<TensorSpec>[]
  /** Inputs of the model that are made from the requests of a run. */
  readonly derived: readonly InputSpec[]
}

/** In the order of the configuration. Fails with MODEL_UNSUPPORTED for the first contradiction. */
export function matchTensors(config: TritonConfig, signature: Signature): MatchedTensors {
  checkCount(config, signature)
  return {
    inputs: config.input.map((told) => matchInput(config, told, signature.inputs)),
    outputs: config.output.map((told) => {
      const spec = found('output', told, signature.outputs)
      const scattered = config.batchOutput.some(({ targetName }) => targetName.includes(told.name))
      return scattered
        ? matchUneven(config, 'output', told, spec)
        : match(config, 'output', told, spec)
    }),
    derived: config.batchInput.flatMap((batch) =>
      batch.targetName.map((name) => matchDerived(config, batch, name, signature.inputs)),
    ),
  }
}

function checkCount({ name, input, batchInput }: TritonConfig, { inputs }: Signature): void {
  const told = input.filter(({ optional }) => !optional).length
  const expected = batchInput.reduce((sum, { targetName }) => sum + targetName.length, told)
  const provided = inputs.filter(({ optional }) => optional !== true).length
  if (expected === provided) return
  throw unsupported(
    `unable to load model '${name}', configuration expects ${expected} inputs, model provides ${provided}`,
  )
}

function matchInput(
  config: TritonConfig,
  told: ModelInput,
  inputs: readonly InputSpec[],
): MatchedTensor<InputSpec> {
  if (told.optional && config.maxBatchSize !== 0) {
    throw unsupported(
      `unable to load model '${config.name}', optional input '${told.name}' is not supported for models that support batching`,
    )
  }
  const spec = found('input', told, inputs)
  if (told.optional && spec.optional !== true) {
    throw unsupported(
      `unable to load model '${config.name}', input '${told.name}' is optional in the configuration, but has no default in the model`,
    )
  }
  if (!told.allowRaggedBatch) return match(config, 'input', told, spec)
  requireShape(config, told.name, spec, [dynamic])
  return matchUneven(config, 'input', told, spec)
}

function matchDerived(
  config: TritonConfig,
  { kind, dataType }: BatchInput,
  name: string,
  inputs: readonly InputSpec[],
): InputSpec {
  const spec = found('input', { name }, inputs)
  requireDatatype(config, 'input', { name, dataType }, spec)
  const columns = spec.shape[1] ?? dynamic
  const table = kind === BatchInput_Kind.BATCH_ITEM_SHAPE
  requireShape(config, name, spec, table ? [dynamic, columns] : [dynamic])
  return spec
}

/** What the model has of it says nothing of what clients see: only its datatype is held against it. */
function matchUneven<Spec extends TensorSpec>(
  config: TritonConfig,
  kind: 'input' | 'output',
  told: ModelInput | ModelOutput,
  spec: Spec,
): MatchedTensor<Spec> {
  requireDatatype(config, kind, told, spec)
  const rows = config.maxBatchSize > 0 ? [dynamic] : []
  return { model: spec, clients: withShape(spec, [...rows, ...told.dims.map(Number)], 0) }
}

function found<Spec extends TensorSpec>(
  kind: string,
  { name }: Pick<ModelInput, 'name'>,
  specs: readonly Spec[],
): Spec {
  const spec = specs.find((candidate) => candidate.name === name)
  if (spec !== undefined) return spec
  const allowed = specs.map((candidate) => candidate.name).sort()
  throw unsupported(
    `unexpected inference ${kind} '${name}', allowed ${kind}s are: ${allowed.join(', ')}`,
  )
}

function match<Spec extends TensorSpec>(
  config: TritonConfig,
  kind: 'input' | 'output',
  told: ModelInput | ModelOutput,
  spec: Spec,
): MatchedTensor<Spec> {
  requireDatatype(config, kind, told, spec)
  const rows = config.maxBatchSize > 0 ? [dynamic] : []
  const dims = told.dims.map(Number)
  const reshape = told.reshape?.shape.map(Number)
  const clients = [...rows, ...dims]
  const model = [...rows, ...(reshape ?? dims)]
  if (spec.shape.length === 0 && rows.length === 0) {
    checkScalar(config.name, told.name, reshape ?? dims)
    return { model: spec, clients: withShape(spec, clients, 0) }
  }
  checkShape(config, told.name, spec.shape, model, kind === 'output')
  return {
    model: { ...spec, shape: model },
    clients:
      reshape === undefined
        ? { ...spec, shape: clients }
        : withShape(spec, clients, Math.min(rows.length, spec.shape.length)),
  }
}

function requireDatatype(
  config: TritonConfig,
  kind: 'input' | 'output',
  told: Pick<ModelInput, 'name' | 'dataType'>,
  { datatype }: TensorSpec,
): void {
  if (told.dataType === dataTypeOf(datatype)) return
  throw unsupported(
    `unable to load model '${config.name}', configuration expects datatype ${dataTypeName(told.dataType)} for ${kind} '${told.name}', model provides TYPE_${datatype}`,
  )
}

function requireShape(
  { name }: TritonConfig,
  tensor: string,
  { shape }: TensorSpec,
  wanted: Shape,
) {
  if (shape.length === wanted.length && wanted.every((size, axis) => shape[axis] === size)) return
  throw unsupported(
    `unable to load model '${name}', configuration expects model provides input with shape ${text(wanted)} for ragged input '${tensor}', model provides ${text(shape)}`,
  )
}

/** Of its axes only the first `kept` are those of the model. */
function withShape<Spec extends TensorSpec>(spec: Spec, shape: Shape, kept: number): Spec {
  const { axes, ...rest } = spec
  if (axes === undefined) return { ...rest, shape } as Spec
  return {
    ...rest,
    shape,
    axes: shape.map((_, axis) => (axis < kept ? axes[axis] : undefined)),
  } as unknown as Spec
}

function checkScalar(model: string, tensor: string, dims: Shape): void {
  if (dims.every((size) => size === 1)) return
  throw unsupported(
    `unable to load model '${model}', scalar tensor '${tensor}', should only provide 1 in the model configuration when the model doesn't support batching. Model configuration provided: ${text(dims)}.`,
  )
}

/** An axis of any size may be fixed for an input; of an output it stays what it is. */
function checkShape(
  { name, maxBatchSize }: TritonConfig,
  tensor: string,
  modelShape: Shape,
  told: Shape,
  exactly: boolean,
): void {
  const who = `model '${name}', tensor '${tensor}': `
  if (maxBatchSize > 0 && modelShape[0] !== dynamic) {
    throw unsupported(
      `${who}for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is ${text(modelShape)}`,
    )
  }
  const fits =
    modelShape.length === told.length &&
    modelShape.every((size, axis) => (!exactly && size === dynamic) || size === told[axis])
  if (fits) return
  const how =
    maxBatchSize > 0
      ? `an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape ${text(told)}`
      : `shape ${text(told)}`
  throw unsupported(
    `${who}the model expects ${modelShape.length} dimensions (shape ${text(modelShape)}) but the model configuration specifies ${told.length} dimensions (${how})`,
  )
}

const text = (shape: Shape): string => `[${shape.join(',')}]`

const unsupported = (problem: string) => fail('MODEL_UNSUPPORTED', { problem })
