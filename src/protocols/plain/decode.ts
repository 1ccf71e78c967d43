/**
 * Plain requests: what people write by hand, as tensors.
 *
 * `{"features": …}` asks a model with one input, `{"inputs": {name: …}}` any model. A value whose
 * nesting is the input's rank is rows; one less deep is one row, and is answered as one. Where an
 * input names its fields, a row may be an object of them.
 */
import { fail, type Path } from '../../errors.ts'
import type { InferenceRequest } from '../../predictor.ts'
import type { InputSpec, Signature } from '../../signature.ts'
import { dynamic, formatShape, type NamedTensor, tensorFromNested } from '../../tensor/index.ts'
import { nameColumn } from './errors.ts'
import { namedFields } from './example.ts'

export interface PlainRequest {
  readonly request: InferenceRequest
  /** Whether one row was given, so that the answer is one row too. */
  readonly oneRow: boolean
  /** Where each input lies in the body. */
  readonly pathOf: (input: string) => Path
}

export function decodeJson(model: string, signature: Signature, body: unknown): PlainRequest {
  const { inputs } = signature
  if (!isObject(body)) throw notABody(body)
  const { features, inputs: named, ...others } = body
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) {
    throw fail('PARAMETER_INVALID', {
      parameter: unknown.slice(0, 100),
      expected: 'left out: a body has "features" or "inputs"',
      got: 'a key that is not known',
      path: [unknown],
    })
  }
  if ('features' in body && 'inputs' in body) {
    throw malformed('expected "features" or "inputs", got both')
  }
  if ('features' in body) {
    // a model may list its weights as inputs too, which nobody means to send
    const needed = inputs.length === 1 ? inputs : inputs.filter(({ optional }) => optional !== true)
    const [only] = needed
    if (needed.length !== 1 || only === undefined) {
      const names = needed.slice(0, 20).map(({ name }) => `"${name}": …`)
      throw fail('PARAMETER_INVALID', {
        parameter: 'features',
        expected: `left out: "${model}" has ${needed.length} inputs`,
        got: 'a value',
        hint: `send {"inputs": {${names.join(', ')}}}`,
        path: ['features'],
      })
    }
    return assemble([decodeValue(only, features, ['features'])], () => ['features'])
  }
  if (!('inputs' in body)) throw notABody(body)
  if (!isObject(named)) {
    throw fail('PARAMETER_INVALID', {
      parameter: 'inputs',
      expected: 'an object of inputs by their names',
      got: shown(named),
      path: ['inputs'],
      ...(Array.isArray(named) && {
        hint: 'a list of tensors goes to /v2/models/NAME/infer, of the Open Inference Protocol',
      }),
    })
  }
  const decoded = Object.entries(named).map(([name, value]) => {
    const spec = inputs.find((input) => input.name === name)
    if (spec !== undefined) return decodeValue(spec, value, ['inputs', name])
    const known = inputs.map((input) => input.name)
    throw fail('INPUT_UNKNOWN', { model, input: name, known, path: ['inputs', name] })
  })
  return assemble(decoded, (input) => ['inputs', input])
}

/** One tensor of a request, and whether it was given as one row; undefined where it has no rows. */
export interface DecodedInput extends NamedTensor {
  readonly oneRow: boolean | undefined
}

export function assemble(
  decoded: readonly DecodedInput[],
  pathOf: (input: string) => Path,
): PlainRequest {
  const row = decoded.find(({ oneRow }) => oneRow === true)
  const rows = decoded.find(({ oneRow }) => oneRow === false)
  if (row !== undefined && rows !== undefined) {
    throw fail('SHAPE_INVALID', {
      input: row.name,
      expected: `rows, as input "${rows.name}" has`,
      got: 'one row',
      path: pathOf(row.name),
    })
  }
  const inputs = decoded.map(({ name, tensor }) => ({ name, tensor }))
  return { request: { inputs }, oneRow: row !== undefined, pathOf }
}

function decodeValue(spec: InputSpec, value: unknown, path: Path): DecodedInput {
  const { name, datatype, shape } = spec
  const source = { name, datatype, path }
  const fields = namedFields(spec)
  const ordered = fields === undefined ? value : orderFields(spec, fields, value, path)
  const depth = depthOf(ordered)
  const takesRow = shape[0] === dynamic || shape[0] === 1
  const read = (rank: number) => {
    try {
      return tensorFromNested(source, ordered, rank)
    } catch (thrown) {
      throw nameColumn(thrown, fields, path.length + rank)
    }
  }
  if (depth === shape.length - 1 && takesRow) {
    const tensor = read(shape.length - 1)
    return { name, tensor: { ...tensor, shape: [1, ...tensor.shape] }, oneRow: true }
  }
  if (depth !== shape.length) {
    const asRow = takesRow && shape.length > 0 ? `, or ${shape.length - 1} deep for one row` : ''
    throw fail('SHAPE_INVALID', {
      input: name,
      expected: `arrays nested ${shape.length} deep for shape ${formatShape(shape)}${asRow}`,
      got: depth === 0 ? shown(ordered) : `${depth} deep`,
      path,
    })
  }
  return { name, tensor: read(shape.length), oneRow: takesRow ? false : undefined }
}

/** Objects of fields, alone or in a list, become arrays in the order of the fields. */
function orderFields(
  spec: InputSpec,
  fields: readonly string[],
  value: unknown,
  path: Path,
): unknown {
  if (!Array.isArray(value)) return orderRow(spec, fields, value, path)
  if (!value.some(isObject)) return value
  return value.map((row, index) => orderRow(spec, fields, row, [...path, index]))
}

function orderRow(spec: InputSpec, fields: readonly string[], value: unknown, path: Path): unknown {
  if (!isObject(value)) return value
  const known = new Set(fields)
  const stranger = Object.keys(value).find((key) => !known.has(key))
  const missing = fields.filter((field) => !Object.hasOwn(value, field))
  if (stranger !== undefined || missing.length > 0) {
    throw fail('VALUE_INVALID', {
      input: spec.name,
      expected: `the fields ${fields.join(', ')}`,
      got:
        stranger === undefined
          ? `none of ${missing.join(', ')}`
          : `a field "${stranger.slice(0, 100)}"`,
      path: stranger === undefined ? path : [...path, stranger],
    })
  }
  return fields.map((field) => value[field])
}

function depthOf(value: unknown): number {
  let depth = 0
  for (let part = value; Array.isArray(part); part = part[0]) depth += 1
  return depth
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const notABody = (body: unknown) =>
  malformed(
    `expected an object with "features" or "inputs", got ${isObject(body) ? 'neither' : shown(body)}`,
  )

/** A value in a few words; as it is where it is short. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value}`
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const malformed = (problem: string) => fail('BODY_MALFORMED', { problem })
