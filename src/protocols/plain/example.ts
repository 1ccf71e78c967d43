/**
 * Worked examples of requests: small, always the same, and valid for the signature they are made
 * from. They stand in the API description, on the docs page and in the hint at start-up.
 *
 * An example is one row where the model takes rows, so that it reads like a question. What would
 * be longer than a reader can follow is not made: the reason is given in its place.
 */
import type { ServedModel } from '../../models.ts'
import type { Constraints, InputSpec, Signature } from '../../signature.ts'
import { dynamic, formatShape, integerRange, isFloat, type Shape } from '../../tensor/index.ts'

export type Example =
  | { readonly body: Readonly<Record<string, unknown>> }
  | { readonly body: undefined; readonly reason: string }

/**
 * The body of a plain request: `features` for a model with one input, `inputs` for the others.
 * With `rows`, that many rows, where the model takes any number of them.
 */
export function exampleBody(signature: Signature, rows?: number): Example {
  const asRows = takesRows(signature)
  if (rows !== undefined && !asRows) return none('the number of rows is fixed')
  const tensors = exampleTensors(signature, rows ?? 1)
  if ('reason' in tensors) return tensors

  const values = tensors.map(({ spec, shape, data }): [string, unknown] => {
    const value = nest(shape, data, namedFields(spec))
    return [spec.name, asRows && rows === undefined ? (value as unknown[])[0] : value]
  })
  const only = signature.inputs.length === 1 ? values[0] : undefined
  return {
    body: only === undefined ? { inputs: Object.fromEntries(values) } : { features: only[1] },
  }
}

/** Two rows as CSV, with a header where the columns have names; undefined where CSV is not read. */
export function exampleCsv(signature: Signature): string | undefined {
  const [only] = signature.inputs
  if (signature.inputs.length !== 1 || only?.shape.length !== 2) return undefined
  const tensors = exampleTensors(signature, 2)
  if ('reason' in tensors) return undefined
  const [{ spec, shape, data }] = tensors as readonly [ExampleTensor]
  const rows = nest(shape, data) as readonly (readonly unknown[])[]
  const fields = namedFields(spec)
  const lines = fields === undefined ? rows : [fields, ...rows]
  return lines.map((line) => line.map(csvCell).join(',')).join('\n')
}

function csvCell(value: unknown): string {
  const text = String(value)
  return /^$|[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The body of an Open Inference Protocol request in JSON. */
export function exampleInference(signature: Signature): Example {
  const tensors = exampleTensors(signature, 1)
  if ('reason' in tensors) return tensors
  const inputs = tensors.map(({ spec: { name, datatype }, shape, data }) => {
    return { name, shape, datatype, data }
  })
  return { body: { inputs } }
}

/**
 * A line for a shell: it asks the model the example, or for its metadata where there is no
 * example. `url` is the server's, as `http://127.0.0.1:8000`.
 */
export function curlExample(url: string, model: Pick<ServedModel, 'name' | 'signature'>): string {
  const base = url.replace(/\/+$/, '')
  const name = encodeURIComponent(model.name)
  const { body } = exampleBody(model.signature)
  if (body === undefined) return `curl ${quote(`${base}/v2/models/${name}`)}`
  const json = quote(JSON.stringify(body))
  return `curl ${quote(`${base}/predict/${name}`)} -H 'content-type: application/json' -d ${json}`
}

/** Whether one row alone may be sent: the first axis of every input takes any size. */
export const takesRows = (signature: Signature): boolean =>
  asked(signature).length > 0 && asked(signature).every(({ shape }) => shape[0] === dynamic)

/** The names of the columns, where a row may be an object of them. */
export const namedFields = ({ shape, constraints }: InputSpec): readonly string[] | undefined =>
  shape.length === 2 ? constraints?.fields : undefined

/** More values than this are not shown. */
export const exampleLimit = 64

const innerSize = 2 // of a dynamic axis that does not count rows: 1 would hide that it is a list
const word = 'text'

interface ExampleTensor {
  readonly spec: InputSpec
  readonly shape: Shape
  readonly data: readonly unknown[]
}

function exampleTensors(
  signature: Signature,
  rows: number,
): readonly ExampleTensor[] | { readonly body: undefined; readonly reason: string } {
  if (signature.streams) return none('the model gives any number of answers')
  const inputs = asked(signature)
  const shaped = inputs.map((spec) => ({ spec, shape: exampleShape(spec, rowAxes(inputs), rows) }))
  const count = shaped.reduce((sum, { shape }) => sum + product(shape), 0)
  if (count > exampleLimit) {
    const shapes = shaped.map(({ spec, shape }) => `"${spec.name}" ${formatShape(shape)}`)
    return none(`it would hold ${count} values: ${shapes.join(', ')}`)
  }
  const wordy = inputs.find(({ constraints }) => (constraints?.minimumLength ?? 0) > exampleLimit)
  if (wordy !== undefined) {
    return none(
      `each string of "${wordy.name}" has ${wordy.constraints?.minimumLength} bytes or more`,
    )
  }
  return shaped.map(({ spec, shape }) => ({
    spec,
    shape,
    data: Array.from({ length: product(shape) }, (_, at) => exampleValue(spec, at)),
  }))
}

const none = (reason: string) => ({ body: undefined, reason })

/** What an example gives: everything that must be given. */
function asked({ inputs }: Signature): readonly InputSpec[] {
  return inputs.length === 1 ? inputs : inputs.filter(({ optional }) => optional !== true)
}

function rowAxes(inputs: readonly InputSpec[]): ReadonlySet<string | undefined> {
  return new Set(inputs.map(({ axes }) => axes?.[0]).filter((name) => name !== undefined))
}

function exampleShape(spec: InputSpec, counted: ReadonlySet<string | undefined>, rows: number) {
  const last = spec.shape.length - 1
  return spec.shape.map((size, axis) => {
    if (size !== dynamic) return size
    if (axis === 0 || counted.has(spec.axes?.[axis])) return rows
    return axis === last ? (spec.constraints?.fields?.length ?? innerSize) : innerSize
  })
}

/** The value at a place of an input, counted in row-major order. */
function exampleValue(spec: InputSpec, at: number): unknown {
  const { datatype, constraints = {} } = spec
  const allowed = allowedValues(spec)
  if (allowed !== undefined) return allowed[at % allowed.length]
  if (datatype === 'BOOL') return at % 2 === 0
  if (datatype === 'BYTES') return exampleText(constraints)
  if (isFloat(datatype)) return exampleNumber(constraints, at)
  return exampleInteger(integerRange(datatype) ?? [0n, 1n], constraints, at)
}

/** The values listed for an input, as its datatype has them, less those that break another rule. */
export function allowedValues({
  datatype,
  constraints = {},
}: InputSpec): readonly (number | string | boolean)[] | undefined {
  const { allowed, minimum = -Infinity, maximum = Infinity } = constraints
  if (allowed === undefined) return undefined
  if (datatype === 'BOOL') return allowed.map((value) => Boolean(Number(value)))
  if (datatype !== 'BYTES') {
    return allowed.map(Number).filter((value) => value >= minimum && value <= maximum)
  }
  const { minimumLength = 0, maximumLength = Infinity } = constraints
  return allowed.map(String).filter((value) => {
    const length = Buffer.byteLength(value)
    return length >= minimumLength && length <= maximumLength
  })
}

function exampleText({ minimumLength = 0, maximumLength = Infinity }: Constraints): string {
  return word
    .repeat(Math.max(1, Math.ceil(minimumLength / word.length)))
    .slice(0, Math.min(Math.max(word.length, minimumLength), maximumLength))
}

/** Ten different ones in turn, well inside the limits: rounding to a smaller datatype is harmless. */
function exampleNumber({ minimum: low, maximum: high }: Constraints, at: number): number {
  const step = ((at % 10) + 1) / 10
  if (low !== undefined && high !== undefined) {
    const exact = low + ((high - low) * step) / 1.1
    const round = Number(exact.toPrecision(3))
    return round > low && round < high ? round : exact
  }
  if (low !== undefined && low > 0) return tidy(low + step)
  if (high !== undefined && high < 1.1) return tidy(high - step)
  return step
}

const tidy = (value: number): number => Number(value.toPrecision(12))

/** Ten different ones in turn between two limits, else 1: an index that most tables have. */
function exampleInteger(
  [least, greatest]: readonly [bigint, bigint],
  { minimum = -Infinity, maximum = Infinity }: Constraints,
  at: number,
): number | string {
  const low = Number.isFinite(minimum) ? max(least, BigInt(Math.ceil(minimum))) : least
  const high = Number.isFinite(maximum) ? min(greatest, BigInt(Math.floor(maximum))) : greatest
  const bounded = Number.isFinite(minimum) && Number.isFinite(maximum) && low <= high
  const value = bounded ? low + (BigInt(at % 10) % (high - low + 1n)) : min(max(1n, low), high)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const product = (shape: Shape): number => shape.reduce((count, size) => count * size, 1)

function nest(shape: Shape, data: readonly unknown[], fields?: readonly string[]): unknown {
  const [size, ...inner] = shape
  if (size === undefined) return data[0]
  if (fields !== undefined && inner.length === 0) {
    return Object.fromEntries(fields.map((name, at) => [name, data[at]]))
  }
  const width = product(inner)
  return Array.from({ length: size }, (_, at) =>
    nest(inner, data.slice(at * width, (at + 1) * width), fields),
  )
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
