/**
 * Requests of different shapes as one: inputs laid one after the other, inputs that tell the model
 * where each request ends, and outputs split by the shapes of an input. Pure.
 *
 * A model that takes such inputs takes them so for one request, too.
 * Source: docs/user_guide/ragged_batching.md of Triton's server; `BackendInputCollector` and
 * `BackendOutputResponder` of its backends.
 */
import { strict as assert } from 'node:assert'
import type { ModelConfig } from '../config/index.ts'
import { fail } from '../errors.ts'
import { type InferenceRequest, rowsOf } from '../predictor.ts'
import {
  concatRows,
  dynamic,
  emptyData,
  type FixedTensor,
  formatShape,
  type NamedTensor,
  type Shape,
  sliceRows,
  type Tensor,
} from '../tensor/index.ts'

export interface RaggedSpec {
  /** What the model takes, in its order. */
  readonly inputs: readonly RaggedInput[]
  readonly scattered: readonly ScatteredOutput[]
}

/** Without `derived`, one that clients send: rows joined to rows, or `flat` one axis of all elements. */
export interface RaggedInput {
  readonly name: string
  readonly flat?: boolean
  readonly derived?: DerivedInput
}

export type DerivedInput = Pick<RaggedConfig['derived'][number], 'kind' | 'from' | 'datatype'>

export interface ScatteredOutput {
  readonly name: string
  /** The input by whose shape it is split. */
  readonly like: string
  /** As clients get it: `dynamic` where it is as long as that input is on the same axis. */
  readonly shape: Shape
}

type RaggedConfig = Exclude<Exclude<ModelConfig['batching'], string>['ragged'], undefined>

/**
 * `inputs`: the names of all that the model takes, in its order. `shapeOf`: the shape of an output as
 * clients get it.
 */
export function raggedSpec(
  config: RaggedConfig,
  inputs: readonly string[],
  shapeOf: (output: string) => Shape,
): RaggedSpec {
  const flat = new Set(config.inputs)
  const derived = new Map(config.derived.map(({ input, ...one }) => [input, one]))
  return {
    inputs: inputs.map((name) => {
      const made = derived.get(name)
      return made === undefined ? { name, flat: flat.has(name) } : { name, derived: made }
    }),
    scattered: config.scattered.map(({ output, like }) => ({
      name: output,
      like,
      shape: shapeOf(output),
    })),
  }
}

/** What the model is given for these requests. Each has every input that clients send. */
export function joinRagged(
  requests: readonly InferenceRequest[],
  { inputs }: RaggedSpec,
): readonly NamedTensor[] {
  return inputs.map(({ name, flat, derived }) => {
    if (derived !== undefined)
      return { name, tensor: derive(derived, shapesOf(requests, derived.from)) }
    const tensors = requests.map((request) => inputOf(request, name))
    return { name, tensor: concatRows(flat ? tensors.map(flattened) : tensors) }
  })
}

/**
 * The outputs of each request, as views of what the model gave. Fails with RUN_FAILED where that is
 * more or less than the requests asked for.
 */
export function splitRagged(
  outputs: readonly NamedTensor[],
  requests: readonly InferenceRequest[],
  { scattered }: RaggedSpec,
): readonly (readonly NamedTensor[])[] {
  const rows = requests.map(rowsOf)
  const pieces = outputs.map(({ name, tensor }) => {
    const scatter = scattered.find((one) => one.name === name)
    return scatter === undefined
      ? splitByRows(name, tensor, rows)
      : splitByShapes(name, tensor, shapesLike(scatter, shapesOf(requests, scatter.like)))
  })
  return requests.map((_, place) =>
    outputs.map(({ name }, output) => ({ name, tensor: pieces[output]![place]! })),
  )
}

function derive({ kind, datatype }: DerivedInput, shapes: readonly Shape[]): FixedTensor {
  const counts = shapes.map(countOf)
  const made = (values: readonly number[], shape: Shape = [values.length]): FixedTensor => {
    const data = emptyData(datatype, values.length)
    values.forEach((value, at) => {
      data[at] = value
    })
    return { datatype, shape, data }
  }
  switch (kind) {
    case 'elementCount':
      return made(counts)
    case 'accumulatedElementCount':
      return made(accumulated(counts))
    case 'accumulatedElementCountWithZero':
      return made([0, ...accumulated(counts)])
    case 'maxElementCountAsShape': {
      // only its shape tells something
      const longest = counts.reduce((most, count) => Math.max(most, count), 0)
      return { datatype, shape: [longest], data: emptyData(datatype, longest) }
    }
    case 'itemShape':
    case 'itemShapeFlatten': {
      const items = shapes.flatMap(([rows = 0, ...item]) =>
        Array.from({ length: rows }, () => item),
      )
      const width = (shapes[0]?.length ?? 1) - 1
      return made(items.flat(), kind === 'itemShape' ? [items.length, width] : undefined)
    }
  }
}

function accumulated(counts: readonly number[]): readonly number[] {
  let sum = 0
  return counts.map((count) => {
    sum += count
    return sum
  })
}

/** The shape of each request's part. */
const shapesLike = ({ shape }: ScatteredOutput, like: readonly Shape[]): readonly Shape[] =>
  like.map((source) => shape.map((size, axis) => (size === dynamic ? (source[axis] ?? 1) : size)))

function splitByShapes(name: string, tensor: Tensor, shapes: readonly Shape[]): readonly Tensor[] {
  const counts = shapes.map(countOf)
  const whole = flattened(tensor)
  requireSum(name, tensor, whole.data.length, counts)
  return pieces(whole, counts).map((piece, place) => ({ ...piece, shape: shapes[place]! }))
}

function splitByRows(name: string, tensor: Tensor, rows: readonly number[]): readonly Tensor[] {
  requireSum(name, tensor, tensor.shape[0] ?? 0, rows)
  return pieces(tensor, rows)
}

function pieces(tensor: Tensor, counts: readonly number[]): readonly Tensor[] {
  let from = 0
  return counts.map((count) => {
    const piece = sliceRows(tensor, from, from + count)
    from += count
    return piece
  })
}

function requireSum(name: string, { shape }: Tensor, got: number, counts: readonly number[]): void {
  const expected = counts.reduce((sum, count) => sum + count, 0)
  if (got === expected) return
  const problem = `output "${name}" has shape ${formatShape(shape)}, the requests ask for ${expected}`
  throw fail('RUN_FAILED', {}, new Error(problem))
}

const flattened = (tensor: Tensor): Tensor => ({ ...tensor, shape: [tensor.data.length] })

const countOf = (shape: Shape): number => shape.reduce((count, size) => count * size, 1)

const shapesOf = (requests: readonly InferenceRequest[], name: string): readonly Shape[] =>
  requests.map((request) => inputOf(request, name).shape)

function inputOf({ inputs }: InferenceRequest, name: string): Tensor {
  const input = inputs.find((one) => one.name === name)
  assert(input !== undefined, `a request has the input "${name}"`)
  return input.tensor
}
