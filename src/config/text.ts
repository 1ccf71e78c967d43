/** What flags and variables say, as values: they come as text, and the schema tells of what kind. */
import { type JsonSchema, takes } from './keys.ts'

/** The value meant by a text; the text itself where it cannot be one, for the schema to refuse. */
export function valueOfText(text: string, schema: JsonSchema, separator = ','): unknown {
  if (takes(schema, 'array')) {
    return text
      .split(separator)
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  const word = text.toLowerCase()
  if (takes(schema, 'boolean') && Object.hasOwn(booleans, word)) return booleans[word]
  const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return (takes(schema, 'integer') || takes(schema, 'number')) && Number.isFinite(number)
    ? number
    : text
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  '1': true,
  '0': false,
  yes: true,
  no: false,
  on: true,
  off: false,
}
