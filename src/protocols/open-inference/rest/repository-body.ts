/** Small bodies of the repository extension: all of them may be left out. */
import { fail } from '../../../errors.ts'
import { decodeJsonBody } from '../../json/index.ts'

/** Whether an index is to hold the models that are ready and no others. */
export const readyOnly = (bytes: Uint8Array): boolean =>
  decodeOptional(bytes, ({ ready = false }) => {
    if (typeof ready === 'boolean') return ready
    throw malformed("Invalid value for 'ready': expected a boolean")
  })

/** Whether to unload what the model alone needs, too. */
export const unloadsDependents = (bytes: Uint8Array): boolean =>
  decodeOptional(bytes, (body) => {
    const { unload_dependents: dependents = false } = parametersOf(body)
    if (typeof dependents === 'boolean') return dependents
    throw malformed("Unable to parse 'unload_dependents': expected a boolean")
  })

export function parametersOf(body: JsonObject): JsonObject {
  const { parameters = {} } = body
  if (isObject(parameters)) return parameters
  throw malformed('"parameters" must be an object')
}

export type JsonObject = Readonly<Record<string, unknown>>

export function asObject(body: unknown): JsonObject {
  if (isObject(body)) return body
  throw malformed('the body must be an object')
}

export const malformed = (problem: string) => fail('BODY_MALFORMED', { problem })

function decodeOptional<T>(bytes: Uint8Array, decode: (body: JsonObject) => T): T {
  if (bytes.byteLength === 0) return decode({})
  return decodeJsonBody(bytes, (body) => decode(asObject(body)))
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
