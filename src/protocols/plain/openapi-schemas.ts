/**
 * What a model takes and gives, as JSON Schema (2020-12, which OpenAPI 3.1 uses): nested arrays of
 * numbers, with what the signature says of their sizes and values. The schema has the plain way to
 * write a value; the server takes some others (`"3"` for an integer), and checks more than a
 * schema can say.
 *
 * How values travel is the rule of `tensor/`: NaN and infinities as strings; 64-bit integers as
 * numbers, or strings of digits from a client that rounds numbers; BYTES as text, or as base64.
 */
import type { Constraints, InputSpec, Signature, Task, TensorSpec } from '../../signature.ts'
import { type Datatype, dynamic, formatShape, integerRange, isFloat } from '../../tensor/index.ts'
import { allowedValues, exampleLimit, namedFields } from './example.ts'

export type Schema = Readonly<Record<string, unknown>>

/** `{features}` for a model with one input, `{inputs}` for any. */
export function requestSchema({ inputs }: Signature): Schema {
  const required = inputs.filter(({ optional }) => optional !== true).map(({ name }) => name)
  const named = object(
    { inputs: object(byName(inputs, inputValue), required, { additionalProperties: false }) },
    ['inputs'],
  )
  const only = inputs.length === 1 ? inputs[0] : undefined
  if (only === undefined) return named
  return { anyOf: [object({ features: inputValue(only) }, ['features']), named] }
}

/** The answer to one row, and to rows. */
export function responseSchema(signature: Signature): Schema {
  const rows = { title: 'to rows', ...answer(signature, 'rows') }
  if (!signature.inputs.some(rowAlone)) return rows
  return { anyOf: [{ title: 'to one row', ...answer(signature, 'row') }, rows] }
}

/** One line of Markdown: name, datatype, shape, and what must hold. */
export function describeTensor(spec: InputSpec | TensorSpec): string {
  const { name, datatype, shape, axes } = spec
  const constraints = 'constraints' in spec ? spec.constraints : undefined
  const named = axes?.some((axis) => axis !== undefined)
    ? ` (${axes.map((axis) => (axis === undefined ? '-' : code(axis))).join(', ')})`
    : ''
  const said = [`${datatype} ${formatShape(shape)}${named}`, ...describeLimits(constraints)]
  if ('optional' in spec && spec.optional) said.push('optional')
  return `${code(name)}: ${said.join('; ')}`
}

/** A name in Markdown, whatever it is made of. */
export const code = (text: string): string => `\`${text.replace(/[`\s]+/g, ' ')}\``

function describeLimits(limits: Constraints | undefined): readonly string[] {
  if (limits === undefined) return []
  const { fields, minimum, maximum, allowed, minimumLength, maximumLength, nonFinite } = limits
  const said: string[] = []
  if (fields !== undefined) said.push(`columns ${some(fields.map(code))}`)
  if (minimum !== undefined) said.push(`at least ${minimum}`)
  if (maximum !== undefined) said.push(`at most ${maximum}`)
  if (allowed !== undefined) said.push(`one of ${some(allowed.map((value) => code(`${value}`)))}`)
  if (minimumLength !== undefined) said.push(`at least ${minimumLength} bytes each`)
  if (maximumLength !== undefined) said.push(`at most ${maximumLength} bytes each`)
  if (nonFinite === 'refuse') said.push('no NaN, no infinities')
  return said
}

function some(texts: readonly string[]): string {
  const more = texts.length - 50
  return more > 0 ? `${texts.slice(0, 50).join(', ')} and ${more} more` : texts.join(', ')
}

/** One row, or rows; a row is an object where its columns have names. */
function inputValue(spec: InputSpec): Schema {
  const allowed = allowedValues(spec)
  const element = allowed === undefined ? valueSchema(spec) : oneOf(spec, allowed)
  const fields = namedFields(spec)
  const description = describeTensor(spec)
  const full = (row: Schema) => sized(spec.shape[0] ?? dynamic, row, isSmall(spec.shape))
  if (fields === undefined) {
    const rows = nested(spec.shape, element)
    if (!rowAlone(spec)) return { ...rows, description }
    return { anyOf: [nested(spec.shape.slice(1), element), rows], description }
  }
  const columns = object(Object.fromEntries(fields.map((name) => [name, element])), fields, {
    additionalProperties: false,
  })
  const row = { anyOf: [columns, nested(spec.shape.slice(1), element)] }
  return rowAlone(spec)
    ? { anyOf: [...row.anyOf, full(row)], description }
    : { ...full(row), description }
}

/** An output as it answers rows, or as it answers one: without its first axis. */
function outputValue(spec: TensorSpec, form: Form): Schema {
  const shape = form === 'row' ? spec.shape.slice(1) : spec.shape
  return { ...nested(shape, givenSchema(spec)), description: describeTensor(spec) }
}

type Form = 'row' | 'rows'

/** A row alone stands for a batch of one: the first axis must be able to be 1. */
const rowAlone = ({ shape }: TensorSpec): boolean => shape[0] === dynamic || shape[0] === 1

function answer(signature: Signature, form: Form): Schema {
  const { task, outputs } = signature
  const asked =
    task === undefined
      ? {
          outputs: object(
            byName(outputs, (spec) => outputValue(spec, form)),
            [],
          ),
        }
      : forPeople(task, outputs, form)
  return object(
    {
      ...asked,
      model_version: { type: 'string', description: 'the version that answered' },
      latency_ms: { type: 'number', minimum: 0 },
    },
    [...Object.keys(asked), 'model_version', 'latency_ms'],
  )
}

function forPeople(
  task: Task,
  outputs: readonly TensorSpec[],
  form: Form,
): Readonly<Record<string, Schema>> {
  const find = (name: string | undefined) => outputs.find((output) => output.name === name)
  const each = (value: Schema) => (form === 'row' ? value : { type: 'array', items: value })
  if (task.kind === 'regressor') return { prediction: each(elementOf(find(task.output))) }

  const score = find(task.scoreOutput)
  const label =
    task.labels === undefined ? elementOf(find(task.labelOutput)) : { enum: task.labels }
  return {
    prediction: each(label),
    ...(score === undefined
      ? {}
      : { probability: outputValue(withClasses(score, task.labels?.length), form) }),
  }
}

/** A class without a name is its place among the scores: a whole number. */
const elementOf = (spec: TensorSpec | undefined): Schema =>
  valueSchema(spec ?? { datatype: 'INT32' })

function withClasses(score: TensorSpec, classes: number | undefined): TensorSpec {
  const { shape } = score
  if (classes === undefined || shape.length !== 2 || shape[1] !== dynamic) return score
  return { ...score, shape: [shape[0] ?? dynamic, classes] }
}

function nested(shape: readonly number[], element: Schema): Schema {
  const exact = isSmall(shape)
  return shape.reduceRight<Schema>((items, size) => sized(size, items, exact), element)
}

function sized(size: number, items: Schema, exact: boolean): Schema {
  if (size === dynamic) return { type: 'array', items }
  return { type: 'array', items, ...(exact ? { minItems: size } : {}), maxItems: size }
}

/**
 * Tools make a sample of every schema: with `minItems` on an image of 3 x 224 x 224 the docs page
 * would draw 150,000 numbers. Large tensors give `maxItems` alone, and their shape in words.
 */
const isSmall = (shape: readonly number[]): boolean =>
  shape.reduce((count, size) => count * (size === dynamic ? 1 : size), 1) <= exampleLimit

function valueSchema(spec: Pick<InputSpec, 'datatype' | 'constraints'>): Schema {
  const { datatype, constraints: limits = {} } = spec
  if (datatype === 'BOOL') return { type: 'boolean' }
  if (datatype === 'BYTES') return text(limits)
  const { minimum, maximum } = limits
  if (isFloat(datatype)) {
    const words = ['NaN', 'Infinity', '-Infinity'].filter((word) => allows(limits, Number(word)))
    const bounds = defined({ minimum, maximum })
    return words.length === 0
      ? { type: 'number', ...bounds }
      : either('number', bounds, words.join('|'))
  }
  const wide = isWide(datatype)
  const [least, greatest] = integerRange(datatype) ?? []
  const bounds = defined({
    minimum: least === 0n || !wide ? Math.max(Number(least), minimum ?? -Infinity) : minimum,
    maximum: wide ? maximum : Math.min(Number(greatest), maximum ?? Infinity),
  })
  return wide ? either('integer', bounds, '-?[0-9]{1,20}') : { type: 'integer', ...bounds }
}

/** An answer's value: as a question's, but integers are numbers, with all their digits. */
const givenSchema = ({ datatype }: Pick<TensorSpec, 'datatype'>): Schema =>
  isWide(datatype) ? { type: 'integer' } : valueSchema({ datatype })

/** A number within bounds, or a string: `pattern` holds for strings alone, bounds for numbers. */
function either(type: 'number' | 'integer', bounds: Schema, pattern: string): Schema {
  return { type: [type, 'string'], ...bounds, pattern: `^(${pattern})$` }
}

const bytesThatAreNoText = {
  properties: { b64: { type: 'string', description: 'base64 of bytes that are no text' } },
  required: ['b64'],
}

/** A schema counts characters, the server bytes: a character has one to four. */
function text({ minimumLength, maximumLength }: Constraints): Schema {
  const minLength = minimumLength === undefined ? undefined : Math.ceil(minimumLength / 4)
  return {
    type: ['string', 'object'],
    ...defined({ minLength, maxLength: maximumLength }),
    ...bytesThatAreNoText,
  }
}

function allows(
  { nonFinite, minimum = -Infinity, maximum = Infinity }: Constraints,
  value: number,
) {
  return nonFinite !== 'refuse' && !(value < minimum) && !(value > maximum)
}

function oneOf(spec: InputSpec, allowed: readonly unknown[]): Schema {
  if (isWide(spec.datatype)) return { enum: [...allowed, ...allowed.map(String)] }
  // a list leaves NaN alone, as bounds do: it stands for a value that is missing
  const missing = isFloat(spec.datatype) && spec.constraints?.nonFinite !== 'refuse'
  return { enum: missing ? [...allowed, 'NaN'] : allowed }
}

const isWide = (datatype: Datatype): boolean => datatype === 'INT64' || datatype === 'UINT64'

function defined(keywords: Record<string, number | undefined>): Schema {
  return Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined))
}

function byName<S extends TensorSpec>(specs: readonly S[], schema: (spec: S) => Schema): Schema {
  return Object.fromEntries(specs.map((spec) => [spec.name, schema(spec)]))
}

export function object(properties: Schema, required: readonly string[], more: Schema = {}): Schema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...more }
}
