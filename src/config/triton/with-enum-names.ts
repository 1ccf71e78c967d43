/** Names of enums in JSON as they are written in the schema, whatever their case. */
import type { DescEnum, DescField, DescMessage, JsonValue } from '@bufbuild/protobuf'

/** A copy in which strings for enums are replaced by the names they are read as. */
export function withEnumNames(message: DescMessage, value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const field = message.fields.find(({ name, jsonName }) => key === name || key === jsonName)
      return [key, field === undefined ? inner : fieldValue(field, inner)]
    }),
  )
}

function fieldValue(field: DescField, value: JsonValue): JsonValue {
  if (field.fieldKind === 'map') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, single(field, inner)]),
    )
  }
  return Array.isArray(value) ? value.map((inner) => single(field, inner)) : single(field, value)
}

function single(field: DescField, value: JsonValue): JsonValue {
  if (field.message !== undefined) return withEnumNames(field.message, value)
  return field.enum !== undefined && typeof value === 'string' ? named(field.enum, value) : value
}

const named = ({ values }: DescEnum, word: string): string =>
  values.find(({ name }) => name.toLowerCase() === word.toLowerCase())?.name ?? word
