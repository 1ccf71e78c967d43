/** JSON texts, built as texts: what JSON can say and JavaScript cannot is among them. */
import type { Random } from './random.ts'

/** Any value, of any nesting. */
export function anyJson(random: Random, depth = 4): string {
  const kind = random.below(depth === 0 ? 4 : 8)
  if (kind < 2) return numberText(random)
  if (kind === 2) return stringText(random)
  if (kind === 3) return random.of(words)
  if (kind < 6) return `[${random.list(5, () => anyJson(random, depth - 1)).join(',')}]`
  if (kind === 6) {
    const members = random.list(4, () => `${keyText(random)}:${anyJson(random, depth - 1)}`)
    return `{${members.join(',')}}`
  }
  return deep(random)
}

export const numberText = (random: Random): string =>
  random.chance(0.3) ? random.of(numbers) : plainNumber(random)

const plainNumber = (random: Random): string =>
  random.chance(0.5) ? `${random.below(300) - 20}` : `${random.next() * 10 - 3}`

export const stringText = (random: Random): string =>
  random.chance(0.5)
    ? random.of(strings)
    : JSON.stringify(String.fromCharCode(...random.list(12, () => random.below(0x300))))

const keyText = (random: Random): string =>
  random.chance(0.8) ? random.of(keys) : stringText(random)

/** Arrays in arrays, closed or not. */
function deep(random: Random): string {
  const levels = random.chance(0.98) ? random.below(120) : random.below(5000)
  const [open, close] = random.of([
    ['[', ']'],
    ['{"features":', '}'],
    ['[[],', ']'],
  ] as const)
  return `${open.repeat(levels)}1${close.repeat(random.chance(0.9) ? levels : random.below(levels + 1))}`
}

/** An array of this shape, of elements as `element` makes them. */
export function nested(shape: readonly number[], element: () => string): string {
  const [size, ...rest] = shape
  if (size === undefined) return element()
  return `[${Array.from({ length: size }, () => nested(rest, element)).join(',')}]`
}

export const spice: readonly string[] = [
  ...'[]{},:"\\'.split(''),
  ...[' ', '\n', '\0', '\ufeff', '1', '-', 'e', '.', '0', 'null', 'true', 'NaN', 'Infinity'],
  ...[
    '"features":',
    '"inputs":',
    '"data":',
    '"shape":',
    '[[',
    ']]',
    '{}',
    '[]',
    '\\u0000',
    '\\ud800',
  ],
  ...['-1', '1e400', '9007199254740993', '18446744073709551616', '"__proto__":', '"constructor":'],
]

const words = ['true', 'false', 'null', 'null', '[]', '{}', '""']

const numbers = [
  ...[
    '0',
    '-0',
    '-1',
    '0.5',
    '1e2',
    '1e-400',
    '1e400',
    '-1e400',
    '1.0',
    '12e-1',
    '1.7976931348623157e308',
  ],
  ...[
    '255',
    '256',
    '-128',
    '-129',
    '32768',
    '65504',
    '65520',
    '2147483648',
    '-2147483649',
    '4294967296',
  ],
  ...['9007199254740991', '9007199254740993', '9223372036854775807', '9223372036854775808'],
  ...[
    '-9223372036854775809',
    '18446744073709551615',
    '18446744073709551616',
    '1e18',
    '1e19',
    '1e30',
  ],
  ...[
    '3.4028236e38',
    '3.4e38',
    '1e38',
    `1${'0'.repeat(400)}`,
    `0.${'0'.repeat(300)}1`,
    '1e999999999',
  ],
]

const strings = [
  ...['""', '"x"', '"red"', '"NaN"', '"Infinity"', '"-Infinity"', '"12"', '"-9223372036854775808"'],
  ...[
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"é"',
    '"\\n"',
    '"AAECAw=="',
    '"FP32"',
    '"BYTES"',
  ],
  ...['"99999999999999999999"', `"${'y'.repeat(500)}"`],
]

const keys = [
  ...['"features"', '"inputs"', '"outputs"', '"parameters"', '"name"', '"shape"', '"datatype"'],
  ...[
    '"data"',
    '"b64"',
    '"x"',
    '"y"',
    '"id"',
    '"length"',
    '"width"',
    '"__proto__"',
    '"constructor"',
  ],
  ...['"toString"', '""', '"binary_data"', '"binary_data_size"', '"0"'],
]
