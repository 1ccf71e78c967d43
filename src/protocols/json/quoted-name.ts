/** Names of models and tensors in answers: there are few, and each is written again and again. */
const known = new Map<string, string>()
const mostKnown = 4096

/** A name as JSON. */
export function quotedName(name: string): string {
  const before = known.get(name)
  if (before !== undefined) return before
  const json = JSON.stringify(name)
  if (known.size === mostKnown) known.clear()
  known.set(name, json)
  return json
}
