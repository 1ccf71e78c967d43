/**
 * What a loaded version is for its clients: what its file says, what `config.pbtxt` says and what
 * `model.yaml` says, of which the later ones may say more of the same but nothing else.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ModelConfig } from '../../config/index.ts'
import {
  completeTritonConfig,
  describeModel,
  fillIn,
  inEffect,
  type MatchedTensor,
  type MatchedTensors,
  matchTensors,
  narrowedBy,
  type TritonConfig,
  tritonConfigJson,
} from '../../config/triton/index.ts'
import { ServingError } from '../../errors.ts'
import type { Predictor } from '../../predictor.ts'
import { reshaped, type ShapeView } from '../../reshaped.ts'
import type { Signature, TensorSpec } from '../../signature.ts'
import { applyConfig } from './apply-config.ts'
import { visibleTask } from './visible-task.ts'

export interface Completion {
  readonly name: string
  readonly version: string
  /** What runs it, in the words of Triton. */
  readonly platform: string
  /** What the runtime read from the model's file. */
  readonly signature: Signature
  readonly config: ModelConfig
  /** `config.pbtxt` as it was written; undefined where there is none. */
  readonly triton: TritonConfig | undefined
  /** Whether what it leaves out is read from the model's file. */
  readonly autoComplete: boolean
}

export interface CompletedModel {
  /** What the executors take and give. */
  readonly inner: Signature
  /** What clients see. */
  readonly signature: Signature
  /** Its configuration in the words of Triton, as JSON. */
  readonly configuration: Readonly<Record<string, unknown>>
  /** Of a Predictor of `inner`, one of `signature`: the same where nothing is to be done. */
  adapt(inner: Predictor): Predictor
  /** What its operator should know although it can be served. */
  readonly warnings: readonly string[]
}

/** Fails with MODEL_UNSUPPORTED where the three contradict each other. */
export function completeModel(completion: Completion): CompletedModel {
  const { triton } = completion
  return triton === undefined ? withoutTriton(completion) : withTriton(completion, triton)
}

/** Clients see the axes that the file has. That rows can be joined is told, and limits nobody. */
function withoutTriton(completion: Completion): CompletedModel {
  const { name, platform, config, autoComplete } = completion
  const signature = applyConfig(completion.signature, config)
  return {
    inner: signature,
    signature,
    configuration: tritonConfigJson(
      inEffect(describeModel({ name, platform, signature }, autoComplete), config),
    ),
    adapt: (inner) => inner,
    warnings: [],
  }
}

function withTriton(completion: Completion, triton: TritonConfig): CompletedModel {
  const { name, signature: file, config, autoComplete } = completion
  const filled = fillIn(triton, name)
  const completed = autoComplete ? completeTritonConfig(filled, file) : filled
  const told = narrowedBy(completed, config)
  const matched = matchTensors(told, file)
  const inputs = inOrderOf(file.inputs, matched.inputs)
  const outputs = inOrderOf(file.outputs, matched.outputs)
  const { signature, warnings } = applied(
    {
      ...visibleTask(file, outputs),
      inputs: inputs.map(({ clients }) => clients),
      outputs: outputs.map(({ clients }) => clients),
      ...(triton.maxBatchSize > 0 && { maxBatchSize: triton.maxBatchSize }),
    },
    config,
    triton,
  )
  const { even, inner } = unevenness(told, file, matched)
  const views = { inputs: viewsOf(inputs.filter(even)), outputs: viewsOf(outputs.filter(even)) }
  const asIs =
    views.inputs.size + views.outputs.size === 0 && outputs.length === file.outputs.length
  return {
    inner: asIs ? signature : inner,
    signature,
    configuration: tritonConfigJson(inEffect(told, config)),
    adapt: (inner) => (asIs ? inner : reshaped(inner, signature, views)),
    warnings,
  }
}

type Matched = MatchedTensor<TensorSpec>

/**
 * Tensors that the scheduler makes of requests of different shapes are, for what is asked of it, as
 * clients have them; those that it derives are not there.
 */
function unevenness(
  { input, batchOutput }: TritonConfig,
  file: Signature,
  { inputs, outputs, derived }: MatchedTensors,
) {
  const names = new Set([
    ...input.filter(({ allowRaggedBatch }) => allowRaggedBatch).map(({ name }) => name),
    ...batchOutput.flatMap(({ targetName }) => targetName),
  ])
  const even = ({ model }: Matched) => !names.has(model.name)
  if (names.size === 0) return { even, inner: file }
  const clientsOf = <Spec extends TensorSpec>(specs: readonly Spec[], all: readonly Matched[]) =>
    specs
      .filter(({ name }) => !derived.some((one) => one.name === name))
      .map((spec): Spec => {
        const one = all.find(({ model }) => model.name === spec.name)
        return one === undefined || even(one) ? spec : { ...spec, ...one.clients }
      })
  const inner: Signature = {
    ...file,
    inputs: clientsOf(file.inputs, inputs),
    outputs: clientsOf(file.outputs, outputs),
  }
  return { even, inner }
}

/** The runtime takes and gives its own order. */
const inOrderOf = <Tensor extends Matched>(
  specs: readonly TensorSpec[],
  matched: readonly Tensor[],
): readonly Tensor[] =>
  specs.flatMap(({ name }) => matched.filter(({ model }) => model.name === name))

const viewsOf = (matched: readonly Matched[]): ReadonlyMap<string, ShapeView> =>
  new Map(
    matched
      .filter(({ clients, model }) => !isDeepStrictEqual(clients.shape, model.shape))
      .map(({ clients, model }) => [model.name, { clients: clients.shape, model: model.shape }]),
  )

/** Labels out of a file beside `config.pbtxt` are dropped where they are none of the scores. */
function applied(visible: Signature, config: ModelConfig, triton: TritonConfig) {
  try {
    return { signature: applyConfig(visible, config), warnings: [] }
  } catch (thrown) {
    if (!triton.output.some(({ labelFilename }) => labelFilename !== '')) throw thrown
    const { labels: _labels, ...unlabelled } = config
    const signature = applyConfig(visible, unlabelled)
    const why = ServingError.from(thrown).message.replace('model.yaml says', 'the file has')
    return { signature, warnings: [`the labels of label_filename have no effect: ${why}`] }
  }
}
