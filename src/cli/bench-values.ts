/** Values on the command line of `sluice bench`: read, or refused as wrong usage. */
import { InvalidArgumentError } from 'commander'

export type HeaderValue = readonly [name: string, value: string]

export type ShapeValue = readonly [input: string, sizes: readonly number[]]

export function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0 && text.trim() !== '') return value
  throw new InvalidArgumentError('Expected a number above 0.')
}

export function natural(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value
  throw new InvalidArgumentError('Expected a whole number from 0 on.')
}

export function whole(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new InvalidArgumentError('Expected a whole number from 1 on.')
}

export function percentile(text: string): number {
  const value = Number(text)
  if (value > 0 && value < 100) return value
  throw new InvalidArgumentError('Expected a number between 0 and 100, such as 99.')
}

/** Milliseconds; seconds where no unit is said. */
export function time(text: string): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? []
  if (digits === undefined) {
    throw new InvalidArgumentError('Expected seconds, or a time such as 500ms, 10s or 2m.')
  }
  return Number(digits) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm']
}

export function header(text: string, before: readonly HeaderValue[] = []): readonly HeaderValue[] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+): *([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError(
      'Expected a name and a value, such as "authorization: Bearer …".',
    )
  }
  return [...before, [name.toLowerCase(), value]]
}

export function shape(text: string, before: readonly ShapeValue[] = []): readonly ShapeValue[] {
  const [, name, sizes] = /^(.+)=(\d+(?:,\d+)*)$/s.exec(text) ?? []
  if (name === undefined || sizes === undefined) {
    throw new InvalidArgumentError('Expected an input and its sizes, such as ids=1,128.')
  }
  return [...before, [name, sizes.split(',').map(Number)]]
}
