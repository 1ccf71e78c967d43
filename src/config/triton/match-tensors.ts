/**
 * Holds the tensors of a configuration against those of the model's file, in Triton's words.
 * Source: `ValidateInputs`, `ValidateOutputs` and `CompareDimsSupported` of Triton's backend for
 * ONNX Runtime.
 */
import { fail } from '../../errors.ts'
import type { InputSpec, Signature, TensorSpec } from '../../signature.ts'
import { dynamic, type Shape } from '../../tensor/index.ts'
import { dataTypeName, dataTypeOf } from './data-type.ts'
import type { ModelInput, ModelOutput } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export interface MatchedTensor<Spec extends TensorSpec> {
  /** As the model's file has it, with the sizes that the configuration fixes. */
  readonly model: Spec
  /** As clients see it. */
  readonly clients: Spec
}

export interface MatchedTensors {
  readonly inputs: readonly MatchedTensor<InputSpec>[]
  readonly outputs: readonly MatchedTensor<TensorSpec>[]
}

/** In the order of the configuration. Fails with MODEL_UNSUPPORTED for the first contradiction. */
export function matchTensors(config: TritonConfig, signature: Signature): MatchedTensors {
  checkCount(config, signature)
  return {
    inputs: config.input.map((told) => matchInput(config, told, signature.inputs)),
    outputs: config.output.map((told) => {
      const spec = found('output', told, signature.outputs)
      return match(config, 'output', told, spec)
    }),
  }
}

function checkCount({ name, input }: TritonConfig, { inputs }: Signature): void {
  const expected = input.filter(({ optional }) => !optional).length
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
  return match(config, 'input', told, spec)
}

function found<Spec extends TensorSpec>(
  kind: string,
  { name }: ModelInput | ModelOutput,
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
  if (told.dataType !== dataTypeOf(spec.datatype)) {
    throw unsupported(
      `unable to load model '${config.name}', configuration expects datatype ${dataTypeName(told.dataType)} for ${kind} '${told.name}', model provides TYPE_${spec.datatype}`,
    )
  }
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
