/** Declaring an input or output. */
import { create } from '@bufbuild/protobuf'
import type { Datatype } from '../tensor/index.ts'
import { elementTypeOf } from './element-type.ts'
import { type ValueInfoProto, ValueInfoProtoSchema } from './generated/onnx-ml_pb.ts'

/** A tensor. A negative size is dynamic, and so is a name in its place; no shape: any rank. */
export function tensorInfo(
  name: string,
  type: Datatype | number,
  shape: readonly (number | bigint | string)[] | undefined,
): ValueInfoProto {
  const elemType = typeof type === 'number' ? type : elementTypeOf(type)
  const value =
    shape === undefined ? { elemType } : { elemType, shape: { dim: shape.map(dimension) } }
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value } },
  })
}

function dimension(size: number | bigint | string) {
  if (typeof size === 'string') return { value: { case: 'dimParam' as const, value: size } }
  return size < 0 ? {} : { value: { case: 'dimValue' as const, value: BigInt(size) } }
}
