/**
 * The element types of ONNX tensors: their names, their sizes, and the datatype of the Open
 * Inference Protocol that carries them, where there is one.
 * Source: TensorProto.DataType in onnx-ml.proto.
 */
import type { Datatype } from '../tensor/index.ts'
import { TensorProto_DataType } from './generated/onnx-ml_pb.ts'

export interface ElementType {
  /** As onnx-ml.proto spells it: `FLOAT`, `FLOAT8E4M3FN`. */
  readonly name: string
  /** An element's size in memory, in bits; those below 8 are packed. None for strings. */
  readonly bits?: number
  /** None where no protocol carries it, so that inputs and outputs of it are refused. */
  readonly datatype?: Datatype
}

/** Any number has a name, also one that a later ONNX gives a meaning to. */
export const elementType = (dataType: number): ElementType =>
  byNumber.get(dataType) ?? { name: `element type ${dataType}` }

/** The bytes that so many elements take; undefined where elements have no fixed size. */
export function byteLengthOf({ bits }: ElementType, elements: number): number | undefined {
  return bits === undefined ? undefined : Math.ceil((elements * bits) / 8)
}

/** The element type that carries a datatype. */
export function elementTypeOf(datatype: Datatype): number {
  for (const [dataType, type] of byNumber) if (type.datatype === datatype) return dataType
  throw new RangeError(`no ONNX element type for ${datatype}`)
}

const types: Readonly<
  Record<Exclude<keyof typeof TensorProto_DataType, 'UNDEFINED'>, Omit<ElementType, 'name'>>
> = {
  FLOAT: { bits: 32, datatype: 'FP32' },
  UINT8: { bits: 8, datatype: 'UINT8' },
  INT8: { bits: 8, datatype: 'INT8' },
  UINT16: { bits: 16, datatype: 'UINT16' },
  INT16: { bits: 16, datatype: 'INT16' },
  INT32: { bits: 32, datatype: 'INT32' },
  INT64: { bits: 64, datatype: 'INT64' },
  STRING: { datatype: 'BYTES' },
  BOOL: { bits: 8, datatype: 'BOOL' },
  FLOAT16: { bits: 16, datatype: 'FP16' },
  DOUBLE: { bits: 64, datatype: 'FP64' },
  UINT32: { bits: 32, datatype: 'UINT32' },
  UINT64: { bits: 64, datatype: 'UINT64' },
  COMPLEX64: { bits: 64 },
  COMPLEX128: { bits: 128 },
  BFLOAT16: { bits: 16, datatype: 'BF16' },
  FLOAT8E4M3FN: { bits: 8 },
  FLOAT8E4M3FNUZ: { bits: 8 },
  FLOAT8E5M2: { bits: 8 },
  FLOAT8E5M2FNUZ: { bits: 8 },
  UINT4: { bits: 4 },
  INT4: { bits: 4 },
  FLOAT4E2M1: { bits: 4 },
  FLOAT8E8M0: { bits: 8 },
  UINT2: { bits: 2 },
  INT2: { bits: 2 },
  // how these two are packed is not said in onnx-ml.proto
  FLOAT6E2M3: {},
  FLOAT6E3M2: {},
}

const byNumber: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(types).map(([name, type]) => [
    TensorProto_DataType[name as keyof typeof TensorProto_DataType],
    { name, ...type },
  ]),
)
