/** A configuration as Triton prints it. */
import type { DescField } from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { ModelConfigSchema } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Fields by the names they have in `config.pbtxt`, in the order of the schema. Numbers, texts, lists
 * and maps are printed whatever they are; messages where they are given. Whole numbers of 64 bits
 * are numbers, not strings as in protobuf's own JSON; strings only where a number cannot hold them.
 */
export const tritonConfigJson = (config: TritonConfig): Json =>
  messageJson(reflect(ModelConfigSchema, config))

function messageJson(message: ReflectMessage): Json {
  const printed = message.fields.filter((field) => alwaysPrinted(field) || message.isSet(field))
  return Object.fromEntries(printed.map((field) => [field.name, fieldJson(message, field)]))
}

const alwaysPrinted = (field: DescField): boolean =>
  field.oneof === undefined && field.fieldKind !== 'message'

function fieldJson(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case 'list':
      return Array.from(message.get(field), (item) => valueJson(field, item))
    case 'map':
      return Object.fromEntries(
        [...message.get(field)].map(([key, value]) => [String(key), valueJson(field, value)]),
      )
    default:
      return valueJson(field, message.get(field))
  }
}

function valueJson(field: DescField, value: unknown): unknown {
  if (field.message !== undefined) return messageJson(value as ReflectMessage)
  if (field.enum !== undefined) return field.enum.value[value as number]?.name ?? value
  return typeof value === 'bigint' ? numberOf(value) : value
}

const numberOf = (value: bigint): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
