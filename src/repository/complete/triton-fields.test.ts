/** Holds docs/reference/config-pbtxt.md to the schema, and both to what happens. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { defaultModelConfig } from '../../config/index.ts'
import { ModelConfigSchema } from '../../config/triton/generated/model_config_pb.ts'
import {
  modelConfigOfTriton,
  parseTritonConfig,
  type TritonConfig,
  validateTritonConfig,
} from '../../config/triton/index.ts'
import { ServingError } from '../../errors.ts'
import type { Signature } from '../../signature.ts'
import { completeModel } from './complete.ts'

const file: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
}

const page = readFileSync(
  new URL('../../../docs/reference/config-pbtxt.md', import.meta.url),
  'utf8',
)

const rows = [
  ...page.matchAll(/^\| `([\w.]+)` \| (honoured|no effect|refused) \| (.+?) \| (?:`(.+)` )?\|$/gm),
].map(([, field = '', kind = '', what = '', heldBy]) => ({ field, kind, what, heldBy }))

const of = (kind: string) => rows.filter((row) => row.kind === kind)

/** Every field, by its path, with the fields on the way to it. */
function fieldsOf(message: DescMessage, way: readonly DescField[] = []): readonly DescField[][] {
  return message.fields.flatMap((field) => {
    const here = [...way, field]
    return [here, ...(field.message === undefined ? [] : fieldsOf(field.message, here))]
  })
}

const everyField = new Map(
  fieldsOf(ModelConfigSchema).map((way) => [way.map(({ name }) => name).join('.'), way]),
)

describe('the reference page of config.pbtxt', () => {
  it('has every field of the schema once, in its order, and no other', () => {
    assert.deepEqual(
      rows.map(({ field }) => field),
      [...everyField.keys()],
    )
    assert.ok(rows.length > 150)
  })

  it('names something that a test says for every field that is honoured', () => {
    const tests = globSync(['config/triton/*.test.ts', 'repository/**/*.test.ts'], {
      cwd: new URL('../..', import.meta.url),
    })
      .filter((file) => !file.endsWith('triton-fields.test.ts'))
      .map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
      .join('\n')
    assert.deepEqual(
      of('honoured').filter(({ heldBy }) => heldBy === undefined || !tests.includes(heldBy)),
      [],
    )
    assert.ok(of('honoured').length > 40)
  })
})

describe('a model that says something in a field that is refused', () => {
  for (const { field, what } of of('refused')) {
    it(`fails by name: ${field}`, () => assert.equal(`\`${refusalOf(saying(field))}\``, what))
  }
})

describe('a field without effect', () => {
  const silent = effectOf(base(''))
  for (const { field } of of('no effect')) {
    it(`leaves a model what it is: ${field}`, () => {
      assert.notDeepEqual(saying(field), base(''))
      assert.deepEqual(effectOf(saying(field)), silent)
    })
  }
})

/** A configuration that says something in a field, and everything that it has to say beside. */
function saying(path: string): TritonConfig {
  const way = everyField.get(path)!
  return base(inside(way, 0))
}

function base(more: string): TritonConfig {
  const [input, output] = [
    'name: "x" data_type: TYPE_FP32 dims: 4',
    'name: "y" data_type: TYPE_FP32 dims: 2',
  ]
  const within = (kind: string) => new RegExp(`^${kind} \\{(.*)\\}$`).exec(more)?.[1] ?? ''
  const apart = /^(?:in|out)put \{/.test(more) ? '' : more
  return parseTritonConfig(
    `name: "m" max_batch_size: 8 input { ${input} ${within('input')} } output { ${output} ${within('output')} } ${apart}`,
    'config.pbtxt',
  )
}

function inside(way: readonly DescField[], at: number): string {
  const field = way[at]!
  const last = at === way.length - 1
  const value = last ? valueFor(field) : `{ ${inside(way, at + 1)} }`
  if (field.fieldKind === 'map') {
    const key = field.mapKey === ScalarType.STRING ? '"k"' : '1'
    return `${field.name} { key: ${key} value${field.message === undefined ? ':' : ''} ${value} }`
  }
  return field.message === undefined ? `${field.name}: ${value}` : `${field.name} ${value}`
}

/** Other than what is meant by silence, where there is another. */
function valueFor(field: DescField): string {
  if (field.message !== undefined) return '{ }'
  if (field.enum !== undefined) return field.enum.values.at(-1)!.name
  if (field.scalar === ScalarType.STRING) return '"s"'
  return field.scalar === ScalarType.BOOL ? 'true' : '1'
}

function noFiles(): never {
  assert.fail('a file is read')
}

function refusalOf(config: TritonConfig): string | undefined {
  try {
    const { refusal } = modelConfigOfTriton(config, noFiles)
    if (refusal !== undefined) return refusal.message
    validateTritonConfig(config, { name: 'm' })
    return undefined
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    return thrown.message
  }
}

/** What clients and the runtime can tell of it, but for the configuration that is told. */
function effectOf(triton: TritonConfig) {
  const { config, modelFilename, refusal } = modelConfigOfTriton(triton, noFiles)
  const { signature, inner } = completeModel({
    name: 'm',
    version: '1',
    platform: 'onnxruntime_onnx',
    signature: file,
    config: defaultModelConfig,
    triton,
    autoComplete: true,
  })
  return { config, modelFilename, refusal, signature, inner }
}
