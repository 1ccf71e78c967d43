/** Members of a JSON body, each of the type it must have. Fail with PARAMETER_INVALID. */
import { fail } from '../../../errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function parameterOf(parameters: unknown, name: string): unknown {
  return parameters === undefined ? undefined : object(parameters, 'parameters')[name]
}

export function object(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value
  throw wrongType(place, 'an object', value)
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function array(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrongType(place, 'an array', value)
}

export function string(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw wrongType(place, 'a string', value)
}

/** 0 where nothing is said. */
export function count(value: unknown, place: string): number {
  if (value === undefined) return 0
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw wrongType(place, 'a whole number from 0 on', value)
}

export const optionalString = (value: unknown, place: string): string | undefined =>
  value === undefined ? undefined : string(value, place)

export function wrongType(place: string, expected: string, got: unknown) {
  return fail('PARAMETER_INVALID', { parameter: place, expected, got: describe(got).slice(0, 60) })
}

/** A value in a few words. Not what is inside: that may be deep, and big integers have no JSON. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value) : `${value}`
}
