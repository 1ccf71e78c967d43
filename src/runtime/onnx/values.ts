/**
 * Tensors into and out of ONNX Runtime.
 *
 * A tensor of fixed size goes in as it lies in memory, without a copy: its memory must stay
 * referenced and unchanged until the run has ended. Strings are copied in. What comes out is copied
 * into memory of our own, and the library's is released.
 */
import koffi from 'koffi'
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
  const shape = BigInt64Array.from(tensor.shape, BigInt)
  const type = elementType[tensor.datatype]
  if (tensor.datatype !== 'BYTES') {
    const data = pinned(tensor.data)
    return environment.make('value', (out) =>
      api.CreateTensorWithDataAsOrtValue(
        environment.cpuMemory,
        data,
        data.byteLength,
        shape,
        shape.length,
        type,
        out,
      ),
    )
  }
  const value = environment.make('value', (out) =>
    api.CreateTensorAsOrtValue(environment.allocator, shape, shape.length, type, out),
  )
  const buffer = new BigUint64Array(1)
  tensor.data.forEach((string, index) => {
    check(api, api.GetResizedStringTensorElementBuffer(value, index, string.byteLength, buffer))
    if (string.byteLength === 0) return
    new Uint8Array(koffi.view(buffer[0]!, string.byteLength)).set(string)
  })
  return value
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
  const address = new BigUint64Array(1)
  check(environment.api, environment.api.GetTensorMutableData(value, address))
  const bytes = new Uint8Array(data.buffer)
  bytes.set(new Uint8Array(koffi.view(address[0]!, bytes.byteLength)))
  return data
}

function shapeOf({ api, ledger }: Environment, value: Pointer): Shape {
  const info = new BigUint64Array(1)
  check(api, api.GetTensorTypeAndShape(value, info))
  ledger.made('shapeInfo')
  try {
    const rank = new BigUint64Array(1)
    check(api, api.GetDimensionsCount(info[0]!, rank))
    const sizes = new BigInt64Array(Number(rank[0]))
    check(api, api.GetDimensions(info[0]!, sizes, sizes.length))
    return Array.from(sizes, Number)
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info[0]!)
    ledger.released('shapeInfo')
  }
}

function stringsOf({ api }: Environment, value: Pointer, count: number): readonly Uint8Array[] {
  if (count === 0) return []
  const length = new BigUint64Array(1)
  check(api, api.GetStringTensorDataLength(value, length))
  const bytes = new Uint8Array(Number(length[0]))
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
