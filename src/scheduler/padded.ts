/**
 * A Predictor whose inputs are filled up to a few sizes, so that requests of different shapes can
 * share runs. Only where its operator asks for it: what is filled up the model sees, and only one
 * that is told by a mask, or does not mind, answers the same.
 */
import { fail } from '../errors.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import {
  dynamic,
  elementOf,
  emptyData,
  type FixedTensor,
  type NamedTensor,
  type Tensor,
} from '../tensor/index.ts'

export interface Padding {
  /** Counted from 0; rows are axis 0. */
  readonly axis: number
  /** A size between two of these is filled up to the larger one; what is larger than all is left. */
  readonly sizes: readonly number[]
  readonly value: number
}

/**
 * `paddings`: by the names of inputs. An output with an axis of the same name is cut back to what its
 * request had. Fails with MODEL_UNSUPPORTED where they are not the model's.
 */
export function padded(inner: Predictor, paddings: Readonly<Record<string, Padding>>): Predictor {
  if (Object.keys(paddings).length === 0) return inner
  const { signature } = inner
  check(signature, paddings)
  const fillUp = (request: InferenceRequest): Filled => {
    const sizes = new Map<string, number>()
    const inputs = request.inputs.map((input): NamedTensor => {
      const padding = paddings[input.name]
      if (padding === undefined) return input
      const size = input.tensor.shape[padding.axis]!
      const name = axisOf(signature, input.name, padding)
      if (name !== undefined) sizes.set(name, size)
      const target = sizeFor(size, padding.sizes)
      const { axis, value } = padding
      return { name: input.name, tensor: resized(input.tensor, axis, target, value) }
    })
    return { request: { ...request, inputs }, sizes }
  }
  const cutBack = (response: InferenceResponse, sizes: Filled['sizes']): InferenceResponse => ({
    ...response,
    outputs: response.outputs.map((output) => cut(output, signature, sizes)),
  })
  return {
    signature,
    async predict(given, call) {
      const { request, sizes } = fillUp(given)
      return cutBack(await inner.predict(request, call), sizes)
    },
    async *stream(given, call) {
      const { request, sizes } = fillUp(given)
      for await (const response of inner.stream(request, call)) yield cutBack(response, sizes)
    },
  }
}

/** The size to which one is filled up: itself where none is as large. */
export const sizeFor = (size: number, sizes: readonly number[]): number =>
  Math.min(...sizes.filter((one) => one >= size), size > Math.max(...sizes) ? size : Infinity)

/** The tensor with another size of one axis: what is more is filled, what is less is cut off. */
export function resized(tensor: Tensor, axis: number, size: number, value: number): Tensor {
  const before = tensor.shape[axis]!
  if (size === before) return tensor
  const shape = tensor.shape.map((one, place) => (place === axis ? size : one))
  const product = (sizes: readonly number[]) => sizes.reduce((all, one) => all * one, 1)
  const outer = product(shape.slice(0, axis))
  const inner = product(shape.slice(axis + 1))
  if (tensor.datatype === 'BYTES') {
    const filling = Buffer.from(`${value}`)
    const data = Array.from({ length: outer * size * inner }, (_, at) => {
      const place = Math.floor(at / inner) % size
      const row = Math.floor(at / (inner * size))
      return place < before ? tensor.data[(row * before + place) * inner + (at % inner)]! : filling
    })
    return { datatype: 'BYTES', shape, data }
  }
  const data = emptyData(tensor.datatype, outer * size * inner)
  if (value !== 0) data.fill(elementOf(tensor.datatype, value) as never)
  const kept = Math.min(before, size) * inner
  for (let row = 0; row < outer; row++) {
    const from = row * before * inner
    data.set(tensor.data.subarray(from, from + kept) as never, row * size * inner)
  }
  return { datatype: tensor.datatype, shape, data } as FixedTensor
}

interface Filled {
  readonly request: InferenceRequest
  /** What axes had that were filled up, by their names. */
  readonly sizes: ReadonlyMap<string, number>
}

function cut(
  { name, tensor }: NamedTensor,
  { outputs }: Signature,
  sizes: Filled['sizes'],
): NamedTensor {
  const axes = outputs.find((output) => output.name === name)?.axes ?? []
  let result = tensor
  for (const [axis, called] of axes.entries()) {
    const size = called === undefined ? undefined : sizes.get(called)
    if (size !== undefined && size < result.shape[axis]!) result = resized(result, axis, size, 0)
  }
  return { name, tensor: result }
}

const axisOf = ({ inputs }: Signature, name: string, { axis }: Padding): string | undefined =>
  inputs.find((input) => input.name === name)?.axes?.[axis]

function check({ inputs }: Signature, paddings: Readonly<Record<string, Padding>>): void {
  const wrong = (problem: string) =>
    fail('MODEL_UNSUPPORTED', { problem: `batching.padding: ${problem}` })
  for (const [name, { axis, sizes }] of Object.entries(paddings)) {
    const input = inputs.find((one) => one.name === name)
    if (input === undefined) {
      const known = inputs.map((one) => `"${one.name}"`).join(', ')
      throw wrong(`it has no input "${name}", but ${known}`)
    }
    if (input.shape[axis] !== dynamic) {
      throw wrong(`axis ${axis} of "${name}" is not of any size`)
    }
    // axes of one name have one size in a request, filled up or not
    for (const other of inputs) {
      for (const [place, called] of (other.axes ?? []).entries()) {
        if (called === undefined || called !== input.axes?.[axis]) continue
        const same = paddings[other.name]
        if (same?.axis === place && same.sizes.join() === sizes.join()) continue
        throw wrong(`"${other.name}" has axis "${called}" too and must be filled up alike`)
      }
    }
  }
}
