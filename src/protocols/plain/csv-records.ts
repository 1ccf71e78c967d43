/** Records of fields, by RFC 4180: quoted ones may hold commas, quotes (doubled) and line ends. */
import { fail } from '../../errors.ts'

/** Blank lines are none. The last line may have an end or not, and ends may be CRLF, LF or CR. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const records: string[][] = []
  let record: string[] = []
  let at = 0
  while (at < text.length || record.length > 0) {
    const quoted = text[at] === '"'
    const { field, end } = quoted ? quotedField(text, at) : bareField(text, at)
    record.push(field)
    if (record.length > mostColumns) {
      throw fail('BODY_MALFORMED', { problem: `the CSV has more than ${mostColumns} columns` })
    }
    at = end
    if (text[at] === ',') {
      at += 1
      continue
    }
    if (at < text.length && text[at] !== '\r' && text[at] !== '\n') {
      throw fail('BODY_MALFORMED', {
        problem: `record ${records.length + 1} of the CSV has text after a closing quote`,
        hint: 'a quote inside a quoted field is written twice',
      })
    }
    if (quoted || record.length > 1 || field !== '') records.push(record)
    record = []
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
  }
  return records
}

/** More than any table has; a line of commas would take a hundred times its bytes. */
const mostColumns = 2 ** 18

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
    if (quote === -1) {
      throw fail('BODY_MALFORMED', { problem: 'the CSV has a quote that never ends' })
    }
    field += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { field, end: quote + 1 }
    field += '"'
    at = quote + 2
  }
}
