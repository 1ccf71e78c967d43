/** Whether two answers to one question say the same. */

/**
 * Where the second first differs from the first, and how; undefined where it does not. Numbers may
 * differ by `tolerance`, or that share of the one expected.
 */
export function difference(
  expected: unknown,
  got: unknown,
  tolerance: number,
  place = '',
): string | undefined {
  if (typeof expected === 'number' && typeof got === 'number') {
    if (isClose(expected, got, tolerance)) return undefined
  } else if (isList(expected) && isList(got)) {
    if (expected.length !== got.length) {
      return `${place} has ${got.length} values, expected ${expected.length}`
    }
    for (let at = 0; at < expected.length; at++) {
      const found = difference(expected[at], got[at], tolerance, `${place}[${at}]`)
      if (found !== undefined) return found
    }
    return undefined
  } else if (isObject(expected) && isObject(got)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(got)])
    for (const name of names) {
      const inner = place === '' ? name : `${place}.${name}`
      const found = difference(expected[name], got[name], tolerance, inner)
      if (found !== undefined) return found
    }
    return undefined
  } else if (expected === got) return undefined
  return `${place} is ${shown(got)}, expected ${shown(expected)}`
}

const isClose = (expected: number, got: number, tolerance: number): boolean =>
  Object.is(expected, got) ||
  expected === got ||
  (Number.isFinite(expected) &&
    Math.abs(expected - got) <= tolerance * Math.max(1, Math.abs(expected)))

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !isList(value)

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (isList(value)) return `a list of ${value.length}`
  if (isObject(value)) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `${value}`
}
