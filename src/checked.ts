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
  for (const [index, { name }] of given.entries()) {
    if (!known.some((input) => input.name === name)) {
      throw fail('INPUT_UNKNOWN', { model, input: name, known: known.map((input) => input.name) })
    }
    if (given.findIndex((other) => other.name === name) !== index) {
      throw fail('INPUT_DUPLICATE', { input: name })
    }
  }
  const inputs: NamedTensor[] = []
  const missing: string[] = []
  for (const spec of known) {
    const input = given.find(({ name }) => name === spec.name)
    if (input !== undefined) inputs.push(input)
    else if (spec.optional !== true) missing.push(spec.name)
  }
  if (missing.length > 0) {
    throw fail('INPUT_MISSING', {
      model,
      inputs: missing,
      known: known.map(({ name }) => name),
      given: given.map(({ name }) => name),
    })
  }
  const sizes = new Map<string, AxisSize>()
  for (const { name, tensor } of inputs) {
    checkTensor(model, known.find((input) => input.name === name)!, tensor, sizes)
  }
  if (signature.maxBatchSize !== undefined) checkBatch(model, signature.maxBatchSize, inputs)
  return inputs
}

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
  readonly input: string
  readonly size: number
}

function checkTensor(
  model: string,
  spec: InputSpec,
  tensor: Tensor,
  sizes: Map<string, AxisSize>,
): void {
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
  spec.axes?.forEach((axis, place) => {
    if (axis === undefined) return
    const size = tensor.shape[place]!
    const before = sizes.get(axis)
    if (before === undefined) sizes.set(axis, { input, size })
    else if (before.size !== size) {
      throw fail('SHAPE_MISMATCH', {
        model,
        input,
        expected: `${formatShape(shape)} with axis "${axis}" of size ${before.size} as in input "${before.input}"`,
        got: formatShape(tensor.shape),
      })
    }
  })
  if (spec.constraints !== undefined) checkConstraints(spec, spec.constraints, tensor)
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
