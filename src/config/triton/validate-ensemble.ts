/** Triton's rules for `ensemble_scheduling`: every tensor is written once, reached and used. */
import { ENSEMBLE } from './backend.ts'
import type { ModelEnsembling, ModelEnsembling_Step } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function* ensembleProblems(
  config: TritonConfig,
  { step: steps }: ModelEnsembling,
): Iterable<string> {
  const { name } = config
  if (config.platform !== ENSEMBLE) {
    yield `ensemble scheduling cannot be set for model '${name}' whose platform is not ${ENSEMBLE}`
  }
  if (config.instanceGroup.length > 0) {
    yield `instance group should not be specified for ensemble '${name}'`
  }
  if (config.optimization !== undefined) {
    yield `optimization should not be specified for ensemble '${name}'`
  }
  if (config.modelWarmup.length > 0) {
    yield `model_warmup can not be specified for ensemble '${name}'`
  }
  if (steps.length === 0) yield `must specify 'step' for ensemble '${name}'`
  for (const [index, step] of steps.entries()) yield* stepProblems(step, index, name)
  yield* writerProblems(steps, name)
  yield* flowProblems(config, steps)
}

function* stepProblems(step: ModelEnsembling_Step, at: number, name: string): Iterable<string> {
  const where = `in step ${at} of ensemble '${name}'`
  if (step.modelName === '') yield `must specify 'model_name' ${where}`
  if (Object.keys(step.inputMap).length === 0) yield `must specify 'input_map' ${where}`
  if (Object.keys(step.outputMap).length === 0) yield `must specify 'output_map' ${where}`
}

function* writerProblems(steps: readonly ModelEnsembling_Step[], name: string): Iterable<string> {
  const written = new Set<string>()
  for (const [index, { outputMap }] of steps.entries()) {
    for (const tensor of Object.values(outputMap)) {
      if (written.has(tensor)) {
        yield `ensemble tensor '${tensor}' can appear in an output map only once for ensemble '${name}' step ${index}`
      }
      written.add(tensor)
    }
  }
}

interface EnsembleTensor {
  ready: boolean
  readonly from: Set<string>
  readonly to: Set<string>
}

function* flowProblems(
  { name, input, output }: TritonConfig,
  steps: readonly ModelEnsembling_Step[],
): Iterable<string> {
  const tensors = tensorsOf(steps)
  for (const { name: tensor } of input) {
    // the quotes are Triton's
    if (!tensors.has(tensor)) yield `ensemble input '${tensor}' for ensemble ${name}' is not used`
  }
  markReady(
    tensors,
    input.map((tensor) => tensor.name),
  )
  const outputs = output.map((tensor) => tensor.name)
  for (const tensor of outputs) {
    const found = tensors.get(tensor)
    if (found === undefined) yield `ensemble output '${tensor}' for ensemble ${name}' is not used`
    else if (!found.ready) {
      const source = unreadySource(tensors, tensor)
      const why =
        source === tensor
          ? ''
          : `: at least one of its depending tensors, '${source}', is not connected`
      yield `output '${tensor}' for ensemble '${name}' is not written${why}`
    }
  }
  for (const [tensor, { ready, to }] of tensors) {
    if (!outputs.includes(tensor) && (!ready || to.size === 0)) {
      yield `ensemble tensor '${tensor}' is unused in ensemble '${name}'`
    }
  }
}

/** Every tensor of the ensemble, with those it is made from and those made from it. */
function tensorsOf(steps: readonly ModelEnsembling_Step[]): Map<string, EnsembleTensor> {
  const tensors = new Map<string, EnsembleTensor>()
  const tensor = (name: string) => {
    const known = tensors.get(name) ?? { ready: false, from: new Set(), to: new Set() }
    tensors.set(name, known)
    return known
  }
  for (const { inputMap, outputMap } of steps) {
    for (const output of Object.values(outputMap)) tensor(output)
    for (const input of Object.values(inputMap)) {
      for (const output of Object.values(outputMap)) {
        tensor(input).to.add(output)
        tensor(output).from.add(input)
      }
    }
  }
  return tensors
}

function markReady(tensors: Map<string, EnsembleTensor>, inputs: readonly string[]): void {
  const queue = inputs.filter((name) => tensors.has(name))
  for (const name of queue) tensors.get(name)!.ready = true
  for (const name of queue) {
    for (const next of tensors.get(name)!.to) {
      const node = tensors.get(next)!
      if (node.ready || ![...node.from].every((source) => tensors.get(source)!.ready)) continue
      node.ready = true
      queue.push(next)
    }
  }
}

/** Follows what is not ready back to its source. There may be a circle. */
function unreadySource(tensors: Map<string, EnsembleTensor>, output: string): string {
  const seen = new Set<string>()
  let last = output
  for (;;) {
    const next = [...tensors.get(last)!.from].find(
      (name) => !tensors.get(name)!.ready && !seen.has(name),
    )
    if (next === undefined) return last
    seen.add(next)
    last = next
  }
}
