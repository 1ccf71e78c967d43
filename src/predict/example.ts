/** A command that works, for who does not know what a model takes. */
import type { Example } from '../protocols/plain/index.ts'

/**
 * The whole line: `sluice predict iris.onnx --input '[5.1,3.5,1.4,0.2]'`; the way to one where there
 * is no example.
 */
export function exampleCommand(words: readonly string[], example: Example | undefined): string {
  const command = ['sluice', 'predict', ...words.map(quote), '--input'].join(' ')
  if (example?.body === undefined) {
    const why = example === undefined ? '' : `  (no example is shown: ${example.reason})\n`
    return `${command} @rows.json\n${why}`
  }
  const { body } = example
  const value = 'features' in body ? body.features : body
  // an object of fields of these names would be taken for a body
  const isPlain = typeof value !== 'object' || value === null || !isBodyLike(value)
  return `${command} ${quote(JSON.stringify(isPlain || value === body ? value : body))}\n`
}

const isBodyLike = (value: object): boolean => 'features' in value || 'inputs' in value

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
