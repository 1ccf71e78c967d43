/**
 * The door: what a request says is held against the model's signature once, for every protocol and
 * for the calls that one model makes to another. What passes has every input once, in the order of
 * the signature, of its datatype and shape, and its values obey the declared constraints.
 */

import { checkConstraints } from './constraints.ts'
import { fail } from './errors.ts'
import type { InferenceRequest, Predictor } from './predictor.ts'
import type { InputSpec, Signature } from './signature.ts'
import {
  elementCount,
  formatShape,
  type NamedTensor,
  shapeFits,
  type Tensor,
} from './tensor/index.ts'

export function checked(model: string, inner: Predictor): Predictor {
  const { signature } = inner
  return {
    signature,
    predict(request, call) {
      try {
        return inner.predict(checkRequest(model, signature, request), call)
      } catch (thrown) {
        return Promise.reject(thrown)
      }
    },
    async *stream(request, call) {
      yield* inner.stream(checkRequest(model, signature, request), call)
    },
  }
}

/** The request as the model takes it. Fails with the first thing that is wrong. */
export function checkRequest(
  model: string,
  signature: Signature,
  request: InferenceRequest,
): InferenceRequest {
  const inputs = checkInputs(model, signature, request.inputs)
  if (request.outputs === undefined) return { inputs }
  return { inputs, outputs: checkOutputs(model, signature, request.outputs) }
}

function checkInputs(
  model: string,
  signature: Signature,
  given: readonly NamedTensor[],
): readonly NamedTensor[] {
  const known = signature.inputs
  for (let index = 0; index < given.length; index++) {
    const { name } = given[index]!
    if (placeOf(known, name) === -1) {
      throw fail('INPUT_UNKNOWN', { model, input: name, known: namesOf(known) })
    }
    if (placeOf(given, name) !== index) throw fail('INPUT_DUPLICATE', { input: name })
  }
  const inputs = inOrder(model, known, given)
  const sizes: AxisSize[] = []
  for (const { name, tensor } of inputs) {
    checkTensor(model, known[placeOf(known, name)]!, tensor, sizes)
  }
  if (signature.maxBatchSize !== undefined) checkBatch(model, signature.maxBatchSize, inputs)
  return inputs
}

/** Those given, in the order of the signature. */
function inOrder(
  model: string,
  known: readonly InputSpec[],
  given: readonly NamedTensor[],
): readonly NamedTensor[] {
  const inputs: NamedTensor[] = []
  let isMissing = false
  for (const { name, optional } of known) {
    const place = placeOf(given, name)
    if (place !== -1) inputs.push(given[place]!)
    else if (optional !== true) isMissing = true
  }
  if (!isMissing) return inputs
  const missing = known.filter(({ name, optional }) => {
    return optional !== true && placeOf(given, name) === -1
  })
  throw fail('INPUT_MISSING', {
    model,
    inputs: namesOf(missing),
    known: namesOf(known),
    given: namesOf(given),
  })
}

type Named = { readonly name: string }

/** -1 where nothing has this name. A loop, since every request comes by here. */
function placeOf(all: readonly Named[], wanted: string): number {
  for (let place = 0; place < all.length; place++) if (all[place]!.name === wanted) return place
  return -1
}

const namesOf = (all: readonly Named[]): readonly string[] => all.map(({ name }) => name)

/** Rows are the first axis of every input: as many in each, and no more than the limit. */
function checkBatch(model: string, limit: number, inputs: readonly NamedTensor[]): void {
  const [first] = inputs
  const rows = first?.tensor.shape[0] ?? 0
  if (rows > limit) throw fail('BATCH_TOO_LARGE', { model, limit, got: rows })
  const other = inputs.find(({ tensor }) => tensor.shape[0] !== rows)
  if (other === undefined) return
  throw fail('SHAPE_MISMATCH', {
    model,
    input: other.name,
    expected: `${rows} rows as in input "${first!.name}"`,
    got: formatShape(other.tensor.shape),
  })
}

interface AxisSize {
  readonly axis: string
  readonly input: string
  readonly size: number
}

function checkTensor(model: string, spec: InputSpec, tensor: Tensor, sizes: AxisSize[]): void {
  const { name: input, datatype, shape } = spec
  if (tensor.datatype !== datatype) {
    throw fail('DATATYPE_MISMATCH', { model, input, expected: datatype, got: tensor.datatype })
  }
  const count = elementCount(input, tensor.shape)
  if (!shapeFits(tensor.shape, shape)) {
    throw fail('SHAPE_MISMATCH', {
      model,
      input,
      expected: formatShape(shape),
      got: formatShape(tensor.shape),
    })
  }
  if (tensor.data.length !== count) {
    throw fail('COUNT_MISMATCH', {
      input,
      expected: `${count} elements for shape ${formatShape(tensor.shape)}`,
      got: `${tensor.data.length}`,
    })
  }
  if (spec.axes !== undefined) checkAxes(model, spec, spec.axes, tensor, sizes)
  if (spec.constraints !== undefined) checkConstraints(spec, spec.constraints, tensor)
}

/** Axes of one name have one size; those that have been met before are in `sizes`. */
function checkAxes(
  model: string,
  { name: input, shape }: InputSpec,
  axes: readonly (string | undefined)[],
  tensor: Tensor,
  sizes: AxisSize[],
): void {
  for (let place = 0; place < axes.length; place++) {
    const axis = axes[place]
    if (axis === undefined) continue
    const size = tensor.shape[place]!
    const before = sizes.find((other) => other.axis === axis)
    if (before === undefined) sizes.push({ axis, input, size })
    else if (before.size !== size) {
      throw fail('SHAPE_MISMATCH', {
        model,
        input,
        expected: `${formatShape(shape)} with axis "${axis}" of size ${before.size} as in input "${before.input}"`,
        got: formatShape(tensor.shape),
      })
    }
  }
}

function checkOutputs(
  model: string,
  signature: Signature,
  wanted: readonly string[],
): readonly string[] {
  const known = signature.outputs.map(({ name }) => name)
  for (const [index, output] of wanted.entries()) {
    if (!known.includes(output)) throw fail('OUTPUT_UNKNOWN', { model, output, known })
    if (wanted.indexOf(output) !== index) throw fail('OUTPUT_DUPLICATE', { output })
  }
  return wanted
}
