/** Lays what one file says of a model over what another says. */

/**
 * The upper value where both say something; keys of keys one by one, tensors by their names. What
 * has alternatives, such as `versions`, is one value.
 */
export function layOver(lower: unknown, upper: unknown): unknown {
  return layKeys(lower, upper, '')
}

function layKeys(lower: unknown, upper: unknown, path: string): unknown {
  if (tensorLists.has(path)) return layTensors(lower, upper)
  if (!isKeys(lower) || !isKeys(upper) || wholes.has(path)) return upper ?? lower
  const names = new Set([...Object.keys(lower), ...Object.keys(upper)])
  const inside = path === '' ? '' : `${path}.`
  return Object.fromEntries(
    [...names].map((name) => [name, layKeys(own(lower, name), own(upper, name), inside + name)]),
  )
}

/** In the order of the lower list; what only the upper one has comes after. */
function layTensors(lower: unknown, upper: unknown): unknown {
  if (!Array.isArray(lower) || !Array.isArray(upper)) return upper ?? lower
  const over = (tensor: unknown) => upper.find((one) => nameOf(one) === nameOf(tensor))
  const known = new Set(lower.map(nameOf))
  return [
    ...lower.map((tensor) => layKeys(tensor, over(tensor), 'tensor')),
    ...upper.filter((tensor) => !known.has(nameOf(tensor))),
  ]
}

const tensorLists: ReadonlySet<string> = new Set(['inputs', 'outputs'])
const wholes: ReadonlySet<string> = new Set(['versions'])

const nameOf = (tensor: unknown): unknown => (isKeys(tensor) ? tensor.name : undefined)

const own = (keys: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(keys, name) ? keys[name] : undefined

const isKeys = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
