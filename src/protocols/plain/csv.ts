/**
 * Rows as CSV (RFC 4180): one input, one line a row. A header line is needed where columns are to
 * be found by their names, and may be given wherever the input names its fields.
 */
import { fail } from '../../errors.ts'
import type { Signature } from '../../signature.ts'
import { formatShape, isFloat, tensorFromNested } from '../../tensor/index.ts'
import { assemble, type PlainRequest } from './decode.ts'
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
  const records = parseCsv(text)
  const [first = []] = records
  const fields = namedFields(only)
  const places = fields === undefined ? undefined : placesOf(fields, first)
  const rows = places === undefined ? records : records.slice(1)
  const cells = rows.map((record) =>
    (places?.map((place) => record[place] ?? '') ?? record).map((cell) => valueOfCell(cell)),
  )
  const numeric = only.datatype !== 'BYTES'
  const values = numeric ? cells : cells.map((row) => row.map(String))
  const source = { name: only.name, datatype: only.datatype, path: [] }
  const tensor = tensorFromNested(source, values, 2)
  return assemble([{ name: only.name, tensor, oneRow: false }], () => [])

  function valueOfCell(cell: string): unknown {
    if (!numeric) return cell
    if (only!.datatype === 'BOOL') return cell === 'true' ? true : cell === 'false' ? false : cell
    if (/^-?\d{16,}$/.test(cell)) return cell // all its digits, for 64-bit integers
    const number = cell.trim() === '' ? Number.NaN : Number(cell)
    if (!Number.isNaN(number)) return number
    return cell.trim() === '' && isFloat(only!.datatype) ? 'NaN' : cell
  }
}

/** Where each field stands in the header; undefined when the line is no header. */
function placesOf(fields: readonly string[], line: readonly string[]): number[] | undefined {
  const places = fields.map((field) => line.indexOf(field))
  if (!places.includes(-1)) return places
  const known = places.filter((place) => place !== -1).length
  const isHeader = known > 0 || line.every((cell) => Number.isNaN(Number(cell)))
  if (!isHeader) return undefined
  throw fail('BODY_MALFORMED', {
    problem: `the header of the CSV lacks ${fields.filter((field) => !line.includes(field)).join(', ')}`,
    hint: `expected the columns ${fields.join(', ')} in any order`,
  })
}

/** Records of fields. Quoted fields may hold commas, quotes (doubled) and line ends. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  const endRecord = () => {
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  while (at <= text.length) {
    const { field, end } = text[at] === '"' ? quotedField(text, at) : bareField(text, at)
    record.push(field)
    at = end
    if (text[at] === ',') {
      at += 1
      continue
    }
    endRecord()
    if (at >= text.length) break
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
    if (at >= text.length) break
  }
  return records
}

interface Field {
  readonly field: string
  readonly end: number
}

function bareField(text: string, from: number): Field {
  let end = from
  while (end < text.length && !',\r\n'.includes(text[end]!)) end += 1
  return { field: text.slice(from, end), end }
}

function quotedField(text: string, from: number): Field {
  let field = ''
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote === -1)
      throw fail('BODY_MALFORMED', { problem: 'the CSV has a quote that never ends' })
    field += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { field, end: quote + 1 }
    field += '"'
    at = quote + 2
  }
}
