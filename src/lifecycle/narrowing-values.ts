/** Values of an input that the old version takes and the new one refuses. */
import type { Constraints, InputSpec } from '../signature.ts'
import { type Datatype, integerRange, isFloat } from '../tensor/index.ts'

/** The first kind of them, in words. Both are of one datatype. */
export function valuesNarrowed(old: InputSpec, next: InputSpec): string | undefined {
  const { name, datatype, constraints: before = {} } = old
  const { constraints: after = {} } = next
  const why =
    fieldsChanged(before, after) ??
    (datatype === 'BYTES'
      ? stringsNarrowed(before, after)
      : numbersNarrowed(datatype, before, after))
  return why === undefined ? undefined : `input "${name}" ${why}`
}

/** Columns are sent by name and by place: a name that is gone or has moved means another value. */
function fieldsChanged({ fields }: Constraints, after: Constraints): string | undefined {
  if (fields === undefined) return undefined
  const now = after.fields ?? []
  const gone = fields.find((field) => !now.includes(field))
  if (gone !== undefined) return `had a field "${gone}", which the new version does not know`
  const added = now.find((field) => !fields.includes(field))
  if (added !== undefined) return `has a field "${added}" in the new version, which was not known`
  const moved = fields.find((field, place) => now[place] !== field)
  if (moved === undefined) return undefined
  return `has its field "${moved}" at another place in the new version`
}

function numbersNarrowed(
  datatype: Datatype,
  before: Constraints,
  after: Constraints,
): string | undefined {
  if (isFloat(datatype) && after.nonFinite === 'refuse' && before.nonFinite !== 'refuse') {
    return 'could be NaN or infinite, which the new version refuses'
  }
  const took = limitsOf(datatype, before)
  const takes = limitsOf(datatype, after)
  const allowed = before.allowed ?? (datatype === 'BOOL' ? [false, true] : undefined)
  const listed = after.allowed?.map(Number)
  if (allowed !== undefined) {
    const within = ({ minimum, maximum }: Limits, value: number) =>
      value >= minimum && value <= maximum
    const values = allowed.map(Number).filter((value) => within(took, value))
    return refused(
      values.find((value) => !within(takes, value) || (listed && !listed.includes(value))),
    )
  }
  if (takes.minimum > took.minimum) return stricter('below', takes.minimum)
  if (takes.maximum < took.maximum) return stricter('above', takes.maximum)
  if (listed === undefined) return undefined
  return `took any value, the new version takes one of ${listed.join(', ')}`
}

function stringsNarrowed(before: Constraints, after: Constraints): string | undefined {
  const { minimumLength: least = 0, maximumLength: most = Infinity } = after
  const fits = (length: number) => length >= least && length <= most
  const listed = after.allowed?.map(String)
  if (before.allowed !== undefined) {
    const values = before.allowed.map(String).filter((value) => {
      const length = Buffer.byteLength(value)
      return length >= (before.minimumLength ?? 0) && length <= (before.maximumLength ?? Infinity)
    })
    return refused(
      values.find(
        (value) => !fits(Buffer.byteLength(value)) || (listed && !listed.includes(value)),
      ),
    )
  }
  if (least > (before.minimumLength ?? 0)) return stricter('shorter than', `${least} bytes`)
  if (most < (before.maximumLength ?? Infinity)) return stricter('longer than', `${most} bytes`)
  if (listed === undefined) return undefined
  return `took any value, the new version takes one of ${listed.map((value) => JSON.stringify(value)).join(', ')}`
}

interface Limits {
  readonly minimum: number
  readonly maximum: number
}

function limitsOf(
  datatype: Datatype,
  { minimum = -Infinity, maximum = Infinity }: Constraints,
): Limits {
  if (isFloat(datatype)) return { minimum, maximum }
  const [least, greatest] = integerRange(datatype) ?? [0, 1]
  return {
    minimum: Math.max(Math.ceil(minimum), Number(least)),
    maximum: Math.min(Math.floor(maximum), Number(greatest)),
  }
}

const stricter = (than: string, limit: number | string): string =>
  `took values ${than} ${limit}, which the new version refuses`

const refused = (value: number | string | undefined): string | undefined =>
  value === undefined ? undefined : stricter('such as', JSON.stringify(value))
