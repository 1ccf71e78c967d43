/** Issues that zod found, as problems a person can mend: what was expected, what came, a hint. */
import type { z } from 'zod'
import { type JsonSchema, keysOf, namesAt } from './keys.ts'
import type { Problem } from './problem.ts'
import { nearest } from './suggest.ts'

type Path = readonly PropertyKey[]
type Issue = z.core.$ZodIssue

/**
 * Every problem behind these issues. `whereOf` names a place: the flag, the variable or the line.
 */
export function explain(
  issues: readonly Issue[],
  value: unknown,
  schema: JsonSchema,
  whereOf: (path: Path) => string,
): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        where: whereOf([...issue.path, key]),
        message: 'there is no such key',
        ...hintFor(key, issue.path, schema),
      }))
    }
    const branch = issue.code === 'invalid_union' ? closestBranch(issue.errors) : undefined
    if (branch !== undefined) {
      const inside = branch.map((one) => ({ ...one, path: [...issue.path, ...one.path] }) as Issue)
      return explain(inside, value, schema, whereOf)
    }
    const got = valueAt(value, issue.path)
    const message = `${expectation(issue)}, got ${show(got)}`
    return [{ where: whereOf(issue.path), message, ...choiceNear(issue, got) }]
  })
}

/** The value at a path, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  let inner = value
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined
    inner = (inner as Record<PropertyKey, unknown>)[key]
  }
  return inner
}

/** A value as it is shown in a message, cut where it is long. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** `inputs[0].name` */
export const formatPath = (path: Path): string =>
  path
    .map((name, at) =>
      typeof name === 'number' ? `[${name}]` : at === 0 ? String(name) : `.${String(name)}`,
    )
    .join('')

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeWords[issue.expected] ?? issue.expected}`
    case 'too_small':
    case 'too_big': {
      const [bound, limit] =
        issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum]
      const unit = sizeWords[issue.origin] ?? ''
      return `expected ${bound} ${limit}${unit}`
    }
    case 'invalid_value':
      return `expected ${either(issue.values.map(String))}`
    case 'invalid_union':
      return `expected ${alternatives(issue.errors)}`
    default:
      return issue.message
  }
}

/** The alternative that was meant: the only one that failed within, not as a whole. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter(
    (issues) => issues[0]?.code !== 'invalid_type' && issues[0]?.code !== 'invalid_value',
  )
  const deeper = branches.filter((issues) => issues.some(({ path }) => path.length > 0))
  const candidates = meant.length > 0 ? meant : deeper
  return candidates.length === 1 ? candidates[0] : undefined
}

function alternatives(branches: readonly (readonly Issue[])[]): string {
  const words = branches.flatMap(([issue]) =>
    issue === undefined ? [] : [expectation(issue).replace(/^expected /, '')],
  )
  return either([...new Set(words)])
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

function hintFor(key: string, path: Path, schema: JsonSchema): { readonly hint: string } {
  const known = namesAt(schema, path)
  const near = nearest(key, known)
  if (near !== undefined) return { hint: `did you mean "${near}"?` }
  const elsewhere = keysOf(schema).find((one) => one.path.split('.').at(-1) === key)
  if (elsewhere !== undefined) return { hint: `did you mean "${elsewhere.path}"?` }
  return { hint: `known keys: ${known.join(', ')}` }
}

function choiceNear(issue: Issue, got: unknown): { readonly hint?: string } {
  if (issue.code !== 'invalid_value' || typeof got !== 'string') return {}
  const near = nearest(got, issue.values.map(String))
  return near === undefined ? {} : { hint: `did you mean "${near}"?` }
}

const typeWords: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
}

const sizeWords: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' items',
}
