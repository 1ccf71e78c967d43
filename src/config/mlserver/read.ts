/** Reads the JSON files of MLServer. */
import type { z } from 'zod'
import { explain, formatPath } from '../explain.ts'
import { toJsonSchema } from '../keys.ts'
import { ConfigError } from '../problem.ts'

/** `name` is for messages. Fails with a ConfigError that holds every problem. */
export function readSettings<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  name: string,
): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown)
    throw new ConfigError([{ where: name, message: `this is not valid JSON: ${problem}` }])
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const where = (at: readonly PropertyKey[]) =>
    at.length === 0 ? name : `${name}: ${formatPath(at)}`
  throw new ConfigError(explain(parsed.error.issues, value, toJsonSchema(schema), where))
}
