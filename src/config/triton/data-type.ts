/** Datatypes by the names that Triton's configurations have for them. */
import type { Datatype } from '../../tensor/index.ts'
import { isDatatype } from '../../tensor/index.ts'
import { DataType, DataTypeSchema } from './generated/model_config_pb.ts'

/** TYPE_FP32, or TYPE_STRING for BYTES. */
export const dataTypeOf = (datatype: Datatype): DataType =>
  DataType[`TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}` as const]

/** Undefined for TYPE_INVALID, and for numbers that are no type. */
export function datatypeOf(dataType: DataType): Datatype | undefined {
  const name = dataTypeName(dataType).replace('TYPE_', '').replace('STRING', 'BYTES')
  return isDatatype(name) ? name : undefined
}

export const dataTypeName = (dataType: DataType): string =>
  DataTypeSchema.value[dataType]?.name ?? `${dataType}`
