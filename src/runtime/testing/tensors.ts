/** Tensors for the tests of runtimes, and what of them is compared. */
import { Call } from '../../call.ts'
import { binaryOf, type NamedTensor, type Shape, type Tensor } from '../../tensor/index.ts'

export function fp32(name: string, shape: Shape, at: (index: number) => number): NamedTensor {
  const length = shape.reduce((product, size) => product * size, 1)
  const data = Float32Array.from({ length }, (_, index) => at(index))
  return { name, tensor: { datatype: 'FP32', shape, data } }
}

export const valueAt = ({ tensor }: NamedTensor, index: number) => Number(tensor.data[index])

export const plain = (tensor: Tensor) => ({
  datatype: tensor.datatype,
  shape: [...tensor.shape],
  bytes: Buffer.from(binaryOf(tensor)).toString('hex'),
})

export const callOf = () => new Call({ requestId: 'test' })
