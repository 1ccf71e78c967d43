/**
 * What a server tells of a model in its OpenAPI description: a request to try, and the names of
 * its classes. It is an extra: whatever is missing or unexpected leaves it out.
 */
export interface ServedDescription {
  readonly body?: Readonly<Record<string, unknown>>
  readonly labels?: readonly unknown[]
  /** The names of the models that can be asked. */
  readonly models?: readonly string[]
}

export async function readDescription(base: string, route: string): Promise<ServedDescription> {
  try {
    const response = await fetch(`${base}openapi.json`, { signal: AbortSignal.timeout(patienceMs) })
    return descriptionOf(await response.json(), route)
  } catch {
    return {}
  }
}

/** Of a document: the operation at a path such as `predict/iris`. */
export function descriptionOf(document: unknown, route: string): ServedDescription {
  const operation = get(document, 'paths', `/${route.replace(/^v1\//, '')}`, 'post')
  const media = ['content', 'application/json']
  const body = get(operation, 'requestBody', ...media, 'examples', 'example', 'value')
  const reference = get(operation, 'responses', '200', ...media, 'schema', '$ref')
  const schema = get(document, 'components', 'schemas', `${reference}`.split('/').at(-1)!)
  const forms = [schema, ...asList(get(schema, 'anyOf'))]
  const predictions = forms.map((form) => get(form, 'properties', 'prediction'))
  const labels = predictions
    .flatMap((prediction) => [get(prediction, 'enum'), get(prediction, 'items', 'enum')])
    .find(Array.isArray)
  const models = Object.keys(asObject(get(document, 'paths'))).flatMap(
    (path) => /^\/predict\/([^/{]+)$/.exec(path)?.slice(1).map(decodeURIComponent) ?? [],
  )
  return {
    models,
    ...(body === undefined ? {} : { body: asObject(body) as Record<string, unknown> }),
    ...(labels === undefined ? {} : { labels }),
  }
}

const patienceMs = 2000

const asObject = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function get(value: unknown, ...keys: readonly string[]): unknown {
  let at = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
