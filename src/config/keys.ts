/**
 * The keys of a schema as a list: path, default, description. Names of variables, flags, the
 * reference page and "did you mean" are drawn from it, so that they cannot disagree with the schema.
 */
import { z } from 'zod'

export interface Key {
  /** `http.port`; the items of a list are `inputs[]`, a name that may be chosen is `*`. */
  readonly path: string
  readonly description: string
  /** Undefined where there is none. */
  readonly default: unknown
  readonly schema: JsonSchema
}

/** What is read of a JSON Schema. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  /** What the values of names are that may be chosen. */
  readonly additionalProperties?: JsonSchema | boolean
}

/** The JSON Schema of what may be written, before defaults are filled in. */
export const toJsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input' }) as JsonSchema

/** Every key that holds a value, in the order of the schema. */
export function keysOf(schema: JsonSchema, prefix = ''): readonly Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`
    if (inner.properties !== undefined) return keysOf(inner, `${path}.`)
    const { description = '', default: fallback } = inner
    return [{ path, description, default: fallback, schema: inner }, ...keysWithin(inner, path)]
  })
}

/** Of the items of a list, of names that may be chosen, and of a value that may have keys. */
function keysWithin({ items, additionalProperties: named, anyOf = [] }: JsonSchema, path: string) {
  return [
    ...(items === undefined ? [] : keysOf(items, `${path}[].`)),
    ...(typeof named === 'object' ? keysOf(named, `${path}.*.`) : []),
    ...anyOf.flatMap((alternative) => keysOf(alternative, `${path}.`)),
  ]
}

/** The names that may stand below a path of keys and indices. */
export function namesAt(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  const [first, ...rest] = path
  const alternatives = [schema, ...(schema.anyOf ?? [])]
  if (first === undefined) return alternatives.flatMap((one) => Object.keys(one.properties ?? {}))
  return alternatives.flatMap((one) => {
    const named =
      typeof one.additionalProperties === 'object' ? one.additionalProperties : undefined
    const inner = typeof first === 'number' ? one.items : (one.properties?.[String(first)] ?? named)
    return inner === undefined ? [] : namesAt(inner, rest)
  })
}

/** `http.maxBodyBytes` is `SLUICE_HTTP_MAX_BODY_BYTES` in the environment. */
export const variableOf = (path: string): string =>
  `SLUICE_${path.replaceAll('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter}`)}`.toUpperCase()

/** Whether values of a key may be of a JSON type: `integer`, `boolean`, `array`. */
export const takes = (schema: JsonSchema, type: string): boolean =>
  [schema.type ?? []].flat().includes(type) || (schema.anyOf ?? []).some((one) => takes(one, type))
