/**
 * A body that is nothing but the bytes of the one input that a model has: its name, its datatype and
 * its shape are those of the signature, for one row.
 * Source: Triton's binary data extension, "Raw Binary Request".
 */
import { fail } from '../../errors.ts'
import type { InferenceRequest } from '../../predictor.ts'
import type { InputSpec, Signature } from '../../signature.ts'
import { dynamic, layoutOf, type Shape, type Tensor, tensorFromBytes } from '../../tensor/index.ts'

/** Fails with BODY_MALFORMED where the model does not say what the bytes are. */
export function decodeRaw({ inputs }: Signature, bytes: Uint8Array): InferenceRequest {
  const [input, ...others] = inputs
  if (input === undefined || others.length > 0) {
    throw undeducible(`the model has ${inputs.length} inputs, expected 1`)
  }
  return { inputs: [{ name: input.name, tensor: tensorOf(input, bytes) }] }
}

function tensorOf({ name, datatype, shape }: InputSpec, bytes: Uint8Array): Tensor {
  if (datatype !== 'BYTES') {
    const elements = bytes.byteLength / layoutOf(datatype).size
    return tensorFromBytes(name, datatype, deduced(name, shape, elements), bytes)
  }
  // a text, without the length that stands before each of several
  const whole = shape.map((size) => (size === dynamic ? 1 : size))
  if (whole.some((size) => size !== 1)) {
    throw undeducible(`input "${name}" has more than one string, expected one`)
  }
  return { datatype, shape: whole, data: [bytes] }
}

/** One row, where rows are not all that is left open. */
function deduced(name: string, shape: Shape, elements: number): Shape {
  const open = shape.filter((size) => size === dynamic).length
  const sizes = open > 1 && shape[0] === dynamic ? [1, ...shape.slice(1)] : [...shape]
  const at = sizes.indexOf(dynamic)
  if (at === -1) return sizes
  if (sizes.lastIndexOf(dynamic) !== at) {
    throw undeducible(`input "${name}" has more than one axis of any size`)
  }
  const rest = sizes.reduce((product, size) => (size === dynamic ? product : product * size), 1)
  const size = rest === 0 ? 0 : elements / rest
  if (!Number.isInteger(size)) {
    const expected = `a multiple of ${rest}`
    throw fail('COUNT_MISMATCH', { input: name, expected, got: `${elements} elements` })
  }
  return sizes.with(at, size)
}

const undeducible = (why: string) =>
  fail('BODY_MALFORMED', {
    problem: `a body without JSON (a header length of 0) cannot be read: ${why}`,
    hint: 'describe the inputs in JSON, and say its length in inference-header-content-length',
  })
