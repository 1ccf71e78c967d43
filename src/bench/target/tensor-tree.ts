/** Tensors as a tree that can be held against another: what each is, and its values as numbers. */
import { bf16ToNumber, fp16ToNumber, type NamedTensor, type Tensor } from '../../tensor/index.ts'

export function tensorTree(tensors: readonly NamedTensor[]): unknown {
  return Object.fromEntries(
    tensors.map(({ name, tensor }) => [
      name,
      { datatype: tensor.datatype, shape: tensor.shape, values: valuesOf(tensor) },
    ]),
  )
}

function valuesOf(tensor: Tensor): ArrayLike<unknown> {
  switch (tensor.datatype) {
    case 'BYTES':
      return tensor.data.map((bytes) => Buffer.from(bytes).toString('latin1'))
    case 'FP16':
      return Array.from(tensor.data as Uint16Array, fp16ToNumber)
    case 'BF16':
      return Array.from(tensor.data as Uint16Array, bf16ToNumber)
    default:
      return tensor.data
  }
}
