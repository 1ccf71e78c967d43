/** Models as the lines of a list: name and versions, layout, size, and what becomes of each. */
import { byteSize } from './byte-size.ts'
import type { Inspection } from './inspect.ts'

/** `iris, version 3 (of 1, 2, 3)` */
export function titleOf({ name, versions, wanted }: Inspection): string {
  if (wanted.length === 0) return versions.length === 0 ? name : `${name}${amongOf(versions)}`
  const numbers = wanted.map(({ version }) => version)
  const word = numbers.length === 1 ? 'version' : 'versions'
  const among = versions.length > numbers.length ? amongOf(versions) : ''
  return `${name}, ${word} ${listed(numbers)}${among}`
}

export function verdictOf({ served, problems }: Inspection): string {
  return served ? 'would be served' : `would not be served: ${problems.join('; ')}`
}

/** Everything but the verdicts: each column as wide as the widest in it. */
export function alignedLines(inspections: readonly Inspection[]): readonly string[] {
  const rows = inspections.map((one) => [titleOf(one), one.layout, sizeOf(one)] as const)
  const width = (column: number) => Math.max(...rows.map((row) => row[column]!.length))
  const widths = [width(0), width(1), width(2)]
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
}

/** Of the files of all versions that are to be served, as far as they can be read. */
function sizeOf({ wanted }: Inspection): string {
  const described = wanted.flatMap(({ description }) => description ?? [])
  if (described.length === 0) return '-'
  const bytes = described.flatMap(({ fileBytes, externalFiles }) => [
    fileBytes,
    ...externalFiles.map((file) => file.bytes),
  ])
  return byteSize(bytes.reduce((sum, size) => sum + size, 0))
}

const amongOf = (versions: readonly string[]): string => ` (of ${listed(versions)})`

function listed(versions: readonly string[]): string {
  if (versions.length <= MOST_SHOWN) return versions.join(', ')
  return `${versions.slice(0, 2).join(', ')} … ${versions.at(-1)}`
}

const MOST_SHOWN = 6
