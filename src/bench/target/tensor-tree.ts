/** Tensors as a tree that can be held against another: what each is, and its values as numbers. */
import { type NamedTensor, type Tensor, widened } from '../../tensor/index.ts'

export function tensorTree(tensors: readonly NamedTensor[]): unknown {
  return Object.fromEntries(
    tensors.map(({ name, tensor }) => [
      name,
      { datatype: tensor.datatype, shape: tensor.shape, values: valuesOf(tensor) },
    ]),
  )
}

function valuesOf(tensor: Tensor): ArrayLike<unknown> {
  if (tensor.datatype !== 'BYTES') return widened(tensor)
  return tensor.data.map((bytes) => Buffer.from(bytes).toString('latin1'))
}
