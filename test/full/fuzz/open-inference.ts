/** The Open Inference Protocol over REST: JSON, and binary tensors behind it. */
import assert from 'node:assert/strict'
import type { ServedModel } from '../../../src/models.ts'
import { openInferenceRest } from '../../../src/protocols/open-inference/rest/index.ts'
import { controlOf, modelsOf } from '../../../src/protocols/testing.ts'
import type { InputSpec } from '../../../src/signature.ts'
import { DATATYPES, layoutOf } from '../../../src/tensor/index.ts'
import type { HttpProtocol } from '../../../src/transport/http/index.ts'
import { askOf, type Told } from './exchange.ts'
import { anyJson, nested, numberText, spice, stringText } from './json.ts'
import { models } from './models.ts'
import { mutate, mutateText } from './mutate.ts'
import { elementOf } from './plain.ts'
import type { Random } from './random.ts'
import type { Target } from './target.ts'

interface Body {
  readonly bytes: Uint8Array
  readonly headerLength?: string
}

export const openInferenceJson = target('Open Inference JSON', 200_000, (model, random) => {
  const text = random.chance(0.1) ? anyJson(random) : requestText(model, random)
  return { bytes: random.chance(0.7) ? Buffer.from(text) : mutateText(text, random, spice) }
})

export const openInferenceBinary = target('Open Inference binary', 150_000, (model, random) => {
  const raw: Uint8Array[] = []
  const text = requestText(model, random, raw)
  const isJsonDamaged = random.chance(0.2)
  const json = isJsonDamaged ? mutateText(text, random, spice) : Buffer.from(text)
  const tensors = Buffer.concat(raw)
  const behind = random.chance(0.3) ? mutate(tensors, random) : tensors
  const bytes = Buffer.concat([json, behind])
  const length = random.chance(0.15) ? json.length + random.below(9) - 4 : json.length
  const headerLength = random.chance(0.05) ? random.of(oddLengths) : `${length}`
  return random.chance(0.02) ? { bytes } : { bytes, headerLength }
})

const oddLengths = [
  '',
  '0',
  '-1',
  '1',
  '1e1',
  'x',
  ' 12',
  '12 ',
  '0x10',
  '999999999999999999999',
  '٣',
]

function target(
  name: string,
  cases: number,
  make: (model: ServedModel, random: Random) => Body,
): Target {
  const open = () => {
    const protocol = openInferenceRest({
      models: modelsOf(...models),
      control: controlOf(),
      repositoryControl: 'token',
      statistics: { modelStatistics: () => [] },
      serverName: 'fuzz',
      serverVersion: '0',
    })
    return async (random: Random, given: (input: string | Uint8Array) => void) => {
      const model = random.of(models)
      const body = make(model, random)
      if (body.bytes.byteLength === 0) return
      given(Buffer.concat([Buffer.from(`${model.name} ${body.headerLength}: `), body.bytes]))
      await tryBody(protocol, model, body)
    }
  }
  return { name, cases, open }
}

async function tryBody(protocol: HttpProtocol, model: ServedModel, body: Body): Promise<void> {
  const told = await askInfer(protocol, model, body)
  const length = told.headers['inference-header-content-length']
  if (told.error !== undefined) {
    const { error, ...rest } = told.json() as { error: unknown }
    assert.deepEqual([typeof error, Object.keys(rest)], ['string', []])
  } else if (length === undefined) await tryAgain(protocol, model, told)
  else assert.equal(length, `${checkBinary(told.bytes, Number(length))}`)
}

const askInfer = (protocol: HttpProtocol, model: ServedModel, body: Body): Promise<Told> =>
  askOf(protocol, {
    route: '/v2/models/:model/infer',
    params: { model: model.name },
    headers:
      body.headerLength === undefined
        ? {}
        : { 'inference-header-content-length': body.headerLength },
    body: body.bytes,
  })

/** What an echo answered, asked again, is answered in the same words: nothing is lost in JSON. */
async function tryAgain(protocol: HttpProtocol, model: ServedModel, told: Told): Promise<void> {
  const text = Buffer.from(told.bytes).toString()
  const answer = JSON.parse(text) as { outputs: readonly unknown[] }
  const isEcho = model.signature.outputs.every(
    ({ name }, at) => name === model.signature.inputs[at]?.name,
  )
  if (!isEcho || answer.outputs.length < model.signature.inputs.length) return
  const question = text.replace('"model_version":"3","outputs":', '"inputs":')
  const again = await askInfer(protocol, model, { bytes: Buffer.from(question) })
  assert.equal(Buffer.from(again.bytes).toString(), text)
}

/** The length of the JSON, if the tensors behind it take all the bytes that are left. */
function checkBinary(bytes: Uint8Array, length: number): number {
  const head = JSON.parse(Buffer.from(bytes.subarray(0, length)).toString()) as {
    outputs: readonly { parameters?: { binary_data_size: number } }[]
  }
  const sizes = head.outputs.map(({ parameters }) => parameters?.binary_data_size ?? 0)
  return bytes.byteLength - sizes.reduce((sum, size) => sum + size, 0)
}

/** A request that is right or nearly so. Where there is a list of tensors, they are put there. */
function requestText({ signature }: ServedModel, random: Random, raw?: Uint8Array[]): string {
  const rows = random.chance(0.95) ? random.below(4) : random.below(300)
  const inputs = signature.inputs.map((input) => inputText(input, rows, random, raw))
  if (random.chance(0.03)) inputs.push(random.of([...inputs, '{}', 'null']))
  const members = [`"inputs":[${inputs.join(',')}]`]
  if (random.chance(0.3)) members.unshift(`"id":${random.chance(0.9) ? stringText(random) : '7'}`)
  if (random.chance(0.3)) members.push(`"parameters":${parametersText(random)}`)
  if (random.chance(0.3)) {
    const wanted = signature.outputs.filter(() => random.chance(0.8))
    const outputs = wanted.map(
      ({ name }) => `{"name":"${name}","parameters":${parametersText(random)}}`,
    )
    members.push(`"outputs":[${outputs.join(',')}]`)
  }
  return `{${members.join(',')}}`
}

function inputText(spec: InputSpec, rows: number, random: Random, raw?: Uint8Array[]): string {
  const sizes = spec.shape.map((size, axis) => (size === -1 ? (axis === 0 ? rows : 2) : size))
  const told = [...sizes]
  if (random.chance(0.05)) told[random.below(told.length + 1)] = random.of(oddSizes)
  const datatype = random.chance(0.97) ? spec.datatype : random.of(DATATYPES)
  const head = `"name":"${spec.name}","datatype":"${datatype}","shape":[${told.join(',')}]`
  if (raw !== undefined && random.chance(0.9)) {
    const bytes = tensorBytes(datatype, sizes, random)
    const size = random.chance(0.95)
      ? bytes.byteLength
      : random.of([0, -1, 1.5, 2 ** 53, '4', null])
    raw.push(bytes)
    return `{${head},"parameters":{"binary_data_size":${JSON.stringify(size)}}}`
  }
  const isStrange = random.chance(0.1)
  const element = () =>
    isStrange && random.chance(0.3) ? anyJson(random, 1) : elementOf(datatype, random)
  const count = sizes.reduce((product, size) => product * size, 1)
  const data = nested(random.chance(0.5) ? sizes : [count], element)
  return `{${head},"data":${random.chance(0.97) ? data : anyJson(random)}}`
}

const oddSizes = [0, 1, 7, -1, 2 ** 31, 2 ** 53, 1e300, 1.5]

function tensorBytes(datatype: string, shape: readonly number[], random: Random): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1)
  if (datatype !== 'BYTES') {
    const { size } = layoutOf(datatype as 'FP32')
    const most = datatype === 'BOOL' ? 2 : 256
    return Uint8Array.from({ length: count * size }, () => random.below(most))
  }
  const strings = Array.from({ length: count }, () => {
    const content = Buffer.from(random.list(9, () => random.below(256)))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(
      random.chance(0.98) ? content.length : random.of([0, 2 ** 31, 2 ** 32 - 1]),
    )
    return Buffer.concat([length, content])
  })
  return Buffer.concat(strings)
}

function parametersText(random: Random): string {
  const binary = random.of(['true', 'false', '1', '"true"'])
  return random.of([
    '{}',
    `{"binary_data":${binary}}`,
    `{"binary_data_output":${binary}}`,
    `{"classification":${numberText(random)}}`,
    '{"shared_memory_region":"r","binary_data_size":4}',
    anyJson(random, 2),
  ])
}
