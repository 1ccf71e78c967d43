/**
 * Rows as CSV: one input, one line a row. A header line is needed where columns are to be found by
 * their names, and may be given wherever the input names its fields; columns of other names are
 * passed over.
 *
 * Floats may be `nan`, `inf` and `-inf` in any case, and an empty cell is NaN; BOOL is true or
 * false in any case.
 */
import { fail } from '../../errors.ts'
import type { InputSpec, Signature } from '../../signature.ts'
import { type Datatype, formatShape, isFloat, tensorFromNested } from '../../tensor/index.ts'
import { parseCsv } from './csv-records.ts'
import { assemble, type PlainRequest } from './decode.ts'
import { nameColumn } from './errors.ts'
import { namedFields } from './example.ts'

export function decodeCsv(model: string, signature: Signature, text: string): PlainRequest {
  const [only] = signature.inputs
  if (signature.inputs.length !== 1 || only === undefined || only.shape.length !== 2) {
    throw fail('MEDIA_TYPE_UNSUPPORTED', {
      what: 'content-type',
      got: 'text/csv',
      expected: `application/json: CSV is for a model with one input of rows and columns, and "${model}" takes ${signature.inputs.map(({ name, shape }) => `"${name}" ${formatShape(shape)}`).join(', ')}`,
    })
  }
  const { name, datatype } = only
  const rows = rowsOf(only, parseCsv(text))
  if (rows.length === 0) throw fail('BODY_MALFORMED', { problem: 'the CSV has no rows' })
  const values = rows.map((row) => row.map((cell) => valueOfCell(datatype, cell)))
  try {
    const tensor = tensorFromNested({ name, datatype, path: [] }, values, 2)
    return assemble([{ name, tensor, oneRow: false }], () => [])
  } catch (thrown) {
    throw nameColumn(thrown, namedFields(only), 2)
  }
}

type Records = readonly (readonly string[])[]

/** The cells of the input's columns, in their order. */
function rowsOf(input: InputSpec, records: Records): Records {
  const [first, ...rest] = records
  if (first === undefined) return []
  const fields = namedFields(input)
  if (!isHeader(input.datatype, first, fields ?? [])) return records
  if (fields === undefined) {
    throw fail('BODY_MALFORMED', {
      problem: `the CSV has a header, and input "${input.name}" has no names for its columns`,
      hint: 'leave the header out, or name the fields of the input in model.yaml',
    })
  }
  const places = placesOf(fields, first)
  return rest.map((record, index) => {
    if (record.length === first.length) return places.map((place) => record[place]!)
    throw fail('SHAPE_INVALID', {
      input: input.name,
      expected: `${first.length} columns, as the header has`,
      got: `a row of ${record.length}`,
      path: [index],
    })
  })
}

/** A line that names a field, or in which nothing is a value. Any text is a value of BYTES. */
function isHeader(datatype: Datatype, line: readonly string[], fields: readonly string[]): boolean {
  return (
    line.some((cell) => fields.includes(cell)) ||
    (datatype !== 'BYTES' &&
      line.every((cell) => cell.trim() !== '' && valueOfCell(datatype, cell) === cell))
  )
}

function placesOf(fields: readonly string[], header: readonly string[]): readonly number[] {
  const missing = fields.filter((field) => !header.includes(field))
  const twice = fields.filter((field) => header.indexOf(field) !== header.lastIndexOf(field))
  if (missing.length === 0 && twice.length === 0) {
    return fields.map((field) => header.indexOf(field))
  }
  const problem = missing.length > 0 ? `lacks ${missing.join(', ')}` : `has ${twice[0]} twice`
  throw fail('BODY_MALFORMED', {
    problem: `the header of the CSV ${problem}`,
    hint: `expected the columns ${fields.join(', ')} in any order`,
  })
}

/** The value that JSON would have; the cell as it is where it is no value of the datatype. */
function valueOfCell(datatype: Datatype, cell: string): unknown {
  if (datatype === 'BYTES') return cell
  const text = cell.trim()
  if (datatype === 'BOOL') return booleans.get(text.toLowerCase()) ?? cell
  if (isFloat(datatype)) {
    if (decimal.test(text)) return Number(text)
    return floatWords.get(text.toLowerCase()) ?? cell
  }
  const number = decimal.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  return largeInteger.test(text) ? BigInt(text) : cell
}

// each run of digits can be read in one way only: the time is that of the length
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
const largeInteger = /^-?\d{1,40}$/ // making a big integer takes the square of its digits

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])
const floatWords: ReadonlyMap<string, string> = new Map([
  ['', 'NaN'],
  ['nan', 'NaN'],
  ['inf', 'Infinity'],
  ['+inf', 'Infinity'],
  ['-inf', '-Infinity'],
  ['infinity', 'Infinity'],
  ['+infinity', 'Infinity'],
  ['-infinity', '-Infinity'],
])
