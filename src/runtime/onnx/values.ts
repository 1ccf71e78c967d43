/**
 * Tensors into and out of ONNX Runtime.
 *
 * A tensor of fixed size goes in as it lies in memory, without a copy: its memory must stay
 * referenced and unchanged until the run has ended. Strings are copied in. What comes out is copied
 * into memory of our own, and the library's is released.
 */
import {
  type Datatype,
  emptyData,
  type FixedDatatype,
  type NamedTensor,
  type Shape,
  type Tensor,
} from '../../tensor/index.ts'
import { check, type Pointer } from './c-api.ts'
import type { Environment } from './environment.ts'
import { pinned } from './pinned.ts'

/** The value to release after the run. */
export function nativeValueOf(environment: Environment, { tensor }: NamedTensor): Pointer {
  const { api } = environment
  const rank = tensor.shape.length
  const sizes = rank <= environment.sizes.length ? environment.sizes : new BigInt64Array(rank)
  tensor.shape.forEach((size, axis) => {
    sizes[axis] = BigInt(size)
  })
  const type = elementType[tensor.datatype]
  if (tensor.datatype !== 'BYTES') {
    const data = pinned(tensor.data)
    return environment.make('value', (out) =>
      api.CreateTensorWithDataAsOrtValue(
        environment.cpuMemory,
        data,
        data.byteLength,
        sizes,
        rank,
        type,
        out,
      ),
    )
  }
  const value = environment.make('value', (out) =>
    api.CreateTensorAsOrtValue(environment.allocator, sizes, rank, type, out),
  )
  try {
    fillStrings(environment, value, tensor.data)
  } catch (thrown) {
    environment.release('value', value)
    throw thrown
  }
  return value
}

function fillStrings(
  { api, memory, word }: Environment,
  value: Pointer,
  strings: readonly Uint8Array[],
): void {
  strings.forEach((string, index) => {
    check(api, api.GetResizedStringTensorElementBuffer(value, index, string.byteLength, word))
    if (string.byteLength > 0) memory.write(word[0]!, string)
  })
}

/** Copies a value that the run made. Does not release it. */
export function tensorOf(environment: Environment, value: Pointer, datatype: Datatype): Tensor {
  const shape = shapeOf(environment, value)
  const count = shape.reduce((product, size) => product * size, 1)
  if (datatype === 'BYTES') {
    return { datatype, shape, data: stringsOf(environment, value, count) }
  }
  return { datatype, shape, data: fixedDataOf(environment, value, datatype, count) }
}

function fixedDataOf(
  environment: Environment,
  value: Pointer,
  datatype: FixedDatatype,
  count: number,
) {
  const data = emptyData(datatype, count)
  if (count === 0) return data
  const { api, memory, word } = environment
  check(api, api.GetTensorMutableData(value, word))
  memory.read(word[0]!, data)
  return data
}

function shapeOf({ api, ledger, word, sizes }: Environment, value: Pointer): Shape {
  check(api, api.GetTensorTypeAndShape(value, word))
  const info = word[0]!
  ledger.made('shapeInfo')
  try {
    check(api, api.GetDimensionsCount(info, word))
    const rank = Number(word[0])
    const all = rank <= sizes.length ? sizes : new BigInt64Array(rank)
    check(api, api.GetDimensions(info, all, rank))
    const shape: number[] = []
    for (let axis = 0; axis < rank; axis++) shape.push(Number(all[axis]))
    return shape
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info)
    ledger.released('shapeInfo')
  }
}

function stringsOf(
  { api, word }: Environment,
  value: Pointer,
  count: number,
): readonly Uint8Array[] {
  if (count === 0) return []
  check(api, api.GetStringTensorDataLength(value, word))
  const bytes = new Uint8Array(Number(word[0]))
  const starts = new BigUint64Array(count)
  // the library refuses a null pointer, which an empty array would be
  const target = bytes.byteLength === 0 ? new Uint8Array(1) : bytes
  check(api, api.GetStringTensorContent(value, target, bytes.byteLength, starts, count))
  return Array.from(starts, (start, index) =>
    bytes.subarray(Number(start), index + 1 < count ? Number(starts[index + 1]) : bytes.byteLength),
  )
}

/** ONNXTensorElementDataType */
const elementType: Record<Datatype, number> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
}
