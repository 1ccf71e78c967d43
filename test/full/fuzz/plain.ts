/** The plain API with JSON and CSV bodies: decoding, the door, wording of answers and errors. */
import assert from 'node:assert/strict'
import { systemClock } from '../../../src/clock.ts'
import type { ServedModel } from '../../../src/models.ts'
import { plainProtocol } from '../../../src/protocols/plain/index.ts'
import { modelsOf } from '../../../src/protocols/testing.ts'
import type { InputSpec } from '../../../src/signature.ts'
import { askOf } from './exchange.ts'
import { anyJson, nested, numberText, spice, stringText } from './json.ts'
import { models } from './models.ts'
import { mutateText } from './mutate.ts'
import type { Random } from './random.ts'
import type { Target } from './target.ts'

export const plainJson = plainTarget('plain JSON', 'application/json', 300_000, jsonBody)
export const plainCsv = plainTarget('plain CSV', 'text/csv', 150_000, csvBody)

type MakeBody = (model: ServedModel, random: Random) => string | Uint8Array

function plainTarget(name: string, type: string, cases: number, make: MakeBody): Target {
  const open = () => {
    const protocol = plainProtocol({
      models: modelsOf(...models),
      clock: systemClock,
      serverName: 'fuzz',
      serverVersion: '0',
      renderMetrics: async () => ({ contentType: 'text/plain', body: '' }),
    })
    return async (random: Random, given: (input: string | Uint8Array) => void) => {
      const model = random.of(models)
      const body = make(model, random)
      if (body.length === 0) return
      given(Buffer.concat([Buffer.from(`${model.name}: `), Buffer.from(body)]))
      const params = { model: model.name }
      const headers = { 'content-type': type }
      const told = await askOf(protocol, { route: '/predict/:model', params, headers, body })
      const answer = told.json() as Readonly<Record<string, unknown>>
      if (told.error === undefined) assert.equal(answer.model_version, '3')
      else assert.ok(told.status === 422 ? Array.isArray(answer.detail) : answer.code, 'no detail')
    }
  }
  return { name, cases, open }
}

function jsonBody(model: ServedModel, random: Random): string | Uint8Array {
  if (random.chance(0.1)) return anyJson(random)
  const body = nearlyRight(model, random)
  return random.chance(0.7) ? body : mutateText(body, random, spice)
}

function nearlyRight({ signature: { inputs } }: ServedModel, random: Random): string {
  const rows = random.chance(0.95) ? random.below(4) : random.below(300)
  const [only] = inputs
  if (only !== undefined && inputs.length === 1 && random.chance(0.7)) {
    return `{"features":${inputValue(only, rows, random)}}`
  }
  const members = inputs.map((input) => `"${input.name}":${inputValue(input, rows, random)}`)
  return `{"inputs":{${members.join(',')}}}`
}

function inputValue(
  { datatype, shape, constraints }: InputSpec,
  rows: number,
  random: Random,
): string {
  if (random.chance(0.05)) return anyJson(random)
  const sizes = shape.map((size, axis) => (size === -1 ? (axis === 0 ? rows : 2) : size))
  if (random.chance(0.03)) sizes[random.below(sizes.length + 1)] = random.below(4)
  const isStrange = random.chance(0.2) // one odd value is found as well as many
  const element = () =>
    isStrange && random.chance(0.3) ? anyJson(random, 1) : elementOf(datatype, random)
  const fields = constraints?.fields
  if (fields === undefined || random.chance(0.5)) {
    return nested(random.chance(0.3) ? sizes.slice(1) : sizes, element)
  }
  const row = () => `{${fields.map((field) => `"${field}":${element()}`).join(',')}}`
  return random.chance(0.3) ? row() : nested([rows], row)
}

/** What the datatype takes, most of the time. */
export function elementOf(datatype: string, random: Random): string {
  if (datatype === 'BYTES') {
    if (random.chance(0.2)) return `{"b64":${stringText(random)}}`
    return random.chance(0.5) ? random.of(['"red"', '"x"', '""']) : stringText(random)
  }
  if (datatype === 'BOOL') return random.chance(0.95) ? random.of(['true', 'false']) : '1'
  if (random.chance(0.05)) return random.of(['"NaN"', '"Infinity"', '"12"'])
  if (datatype.includes('INT') && random.chance(0.9)) return `${random.below(128)}`
  return numberText(random)
}

const csvPieces = [
  ...[
    '"',
    '""',
    ',',
    '\n',
    '\r',
    '\r\n',
    ';',
    '\t',
    ' ',
    '\0',
    '\ufeff',
    '",',
    '\n"',
    ',,',
    '\n\n',
  ],
  ...['length', 'width', 'length,width\n', 'nan', 'inf', '-Infinity', 'true', 'FALSE', 'red', 'é'],
  ...['1e400', '-1', '.5', '5.', '1e', '0x10', '9007199254740993', '1'.repeat(45)],
]

function csvBody({ signature }: ServedModel, random: Random): string | Uint8Array {
  if (random.chance(0.1)) return random.list(30, () => random.of(csvPieces)).join('')
  const [only] = signature.inputs
  const columns = random.chance(0.9) ? (only?.shape[1] ?? 2) : random.below(5)
  const rows = random.list(random.chance(0.95) ? 4 : 200, () =>
    Array.from({ length: Math.max(columns, 1) }, () => cellOf(only?.datatype ?? 'FP32', random)),
  )
  const header = random.chance(0.3) ? [['length', 'width'], ...rows] : rows
  const text = header.map((row) => row.join(',')).join(random.of(['\n', '\r\n', '\r']))
  return random.chance(0.7) ? text : mutateText(text, random, csvPieces)
}

function cellOf(datatype: string, random: Random): string {
  if (random.chance(0.05)) return random.of(csvPieces)
  if (datatype === 'BYTES' || random.chance(0.05))
    return random.of(['red', 'x', '"a ""b"", c"', ''])
  return elementOf(datatype, random).replaceAll('"', '')
}
