/** Outputs as they are kept: copies of the cache's own, and what they weigh. */
import { layoutOf, type NamedTensor, type Tensor } from '../tensor/index.ts'

/**
 * Copies, since an output may be a slice that holds on to the memory of a whole batch. What can be
 * frozen is; nobody may write to the elements, which can not.
 */
export const keptCopy = (outputs: readonly NamedTensor[]): readonly NamedTensor[] =>
  Object.freeze(outputs.map(({ name, tensor }) => Object.freeze({ name, tensor: copyOf(tensor) })))

/** Memory that kept outputs take, in bytes, of objects around the elements too. */
export function weightOf(outputs: readonly NamedTensor[]): number {
  let bytes = 0
  for (const { tensor } of outputs) {
    bytes += tensorBytes + tensor.shape.length * wordBytes
    if (tensor.datatype === 'BYTES') {
      for (const { byteLength } of tensor.data) bytes += stringBytes + byteLength
    } else {
      bytes += tensor.data.byteLength
    }
  }
  return bytes
}

function copyOf(tensor: Tensor): Tensor {
  const shape = Object.freeze([...tensor.shape])
  if (tensor.datatype === 'BYTES') {
    // one piece for all of them: an array buffer for each would weigh more than most strings
    const total = tensor.data.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const memory = new Uint8Array(total)
    let at = 0
    const data = tensor.data.map((string) => {
      memory.set(string, at)
      at += string.byteLength
      return memory.subarray(at - string.byteLength, at)
    })
    return Object.freeze({ datatype: 'BYTES', shape, data: Object.freeze(data) })
  }
  const { buffer, byteOffset, byteLength, length } = tensor.data
  const { view } = layoutOf(tensor.datatype)
  const data = view(buffer.slice(byteOffset, byteOffset + byteLength), 0, length)
  return Object.freeze({ datatype: tensor.datatype, shape, data })
}

/** Measured with Node 24: a tensor with its name, array buffer and view. */
const tensorBytes = 360
/** A view of a string's bytes. */
const stringBytes = 120
const wordBytes = 8
