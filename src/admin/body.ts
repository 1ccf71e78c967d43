/** Bodies of the admin API: small JSON, which may be left out. */
import { fail } from '../errors.ts'
import type { LoadOptions } from '../model-control.ts'

/** `force`, and `config`: a configuration of Triton as an object, or as the text of one. */
export function decodeLoad(bytes: Uint8Array): LoadOptions {
  const { force = false, config, ...others } = objectOf(bytes)
  refuseOthers(others, 'force or config')
  if (typeof force !== 'boolean') throw wrong('force', 'true or false', force)
  if (config === undefined) return { force }
  if (typeof config === 'string') return { force, config }
  if (!isObject(config)) throw wrong('config', 'a configuration, or the text of one', config)
  return { force, config: JSON.stringify(config) }
}

export function decodeNothing(bytes: Uint8Array): void {
  refuseOthers(objectOf(bytes), 'nothing')
}

type JsonObject = Readonly<Record<string, unknown>>

function objectOf(bytes: Uint8Array): JsonObject {
  if (bytes.byteLength === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    throw fail('BODY_MALFORMED', { problem: 'the body is not JSON' })
  }
  if (isObject(value)) return value
  throw fail('BODY_MALFORMED', { problem: 'the body must be an object' })
}

function refuseOthers(others: JsonObject, expected: string): void {
  const [other] = Object.keys(others)
  if (other === undefined) return
  const problem = `"${other.slice(0, 60)}" is not understood here, expected ${expected}`
  throw fail('BODY_MALFORMED', { problem })
}

const wrong = (parameter: string, expected: string, got: unknown) =>
  fail('PARAMETER_INVALID', { parameter, expected, got: `${JSON.stringify(got)}`.slice(0, 60) })

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
