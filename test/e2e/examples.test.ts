/** The example models answer what scikit-learn does, in every way to ask them. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Server, startServer } from './server.ts'

const examples = join(import.meta.dirname, '../../examples')

/** `examples/data/NAME.json`: rows that the model never saw, and scikit-learn's answers. */
interface Example {
  readonly model: string
  readonly rows: readonly (readonly number[])[]
  readonly labels?: readonly number[]
  readonly probabilities?: readonly (readonly number[])[]
  readonly predictions?: readonly number[]
  readonly tolerance: number
}

/** The names that the labels have by `model.yaml`. */
const names: Readonly<Record<string, readonly string[]>> = {
  iris: ['setosa', 'versicolor', 'virginica'],
  'breast-cancer': ['malignant', 'benign'],
}

const files = globSync('*.json', { cwd: join(examples, 'data') }).sort()

describe('the example models answer as scikit-learn does', () => {
  let server: Server
  before(async () => {
    server = await startServer([join(examples, 'models')])
  })
  after(() => server.process.end())

  it('and there are some', () => assert.ok(files.length >= 5))

  for (const file of files) {
    const example = JSON.parse(readFileSync(join(examples, 'data', file), 'utf8')) as Example
    const { model, rows } = example

    it(`${model}, asked row by row`, async () => {
      assert.ok(rows.length >= 10)
      for (const [index, features] of rows.entries()) {
        const { prediction, probability } = await predict(model, { features })
        checkRows(
          example,
          [prediction],
          probability === undefined ? undefined : [probability as number[]],
          index,
        )
      }
    })

    it(`${model}, asked all rows at once`, async () => {
      const { prediction, probability } = await predict(model, { features: rows })
      checkRows(example, prediction as readonly unknown[], probability as number[][])
    })

    it(`${model}, asked by CSV`, async () => {
      const csv = rows.map((row) => row.join(',')).join('\r\n')
      const { prediction, probability } = await predict(model, csv, { 'content-type': 'text/csv' })
      checkRows(example, prediction as readonly unknown[], probability as number[][])
    })

    it(`${model}, asked by the Open Inference Protocol in JSON`, async () => {
      const [input] = await inputsOf(model)
      const data = rows.flat()
      const answer = await infer(
        model,
        JSON.stringify({ inputs: [{ ...input, data, ...shape() }] }),
      )
      const json = JSON.parse(answer.text()) as { outputs: JsonOutput[] }
      checkOutputs(example, json.outputs)
    })

    it(`${model}, asked by the Open Inference Protocol in bytes`, async () => {
      const [input] = await inputsOf(model)
      const raw = Buffer.from(Float32Array.from(rows.flat()).buffer)
      const parameters = { binary_data_size: raw.byteLength }
      const header = JSON.stringify({
        inputs: [{ ...input, ...shape(), parameters }],
        parameters: { binary_data_output: true },
      })
      const answer = await infer(model, Buffer.concat([Buffer.from(header), raw]), header.length)
      const json = JSON.parse(answer.text(0, answer.headerLength)) as { outputs: BinaryOutput[] }
      let at = answer.headerLength
      const outputs = json.outputs.map((output) => {
        const from = at
        at += output.parameters.binary_data_size
        return { ...output, data: numbersOf(output.datatype, answer.bytes.subarray(from, at)) }
      })
      assert.equal(at, answer.bytes.byteLength)
      checkOutputs(example, outputs)
    })

    const shape = () => ({ shape: [rows.length, rows[0]!.length] })
  }

  async function predict(model: string, body: unknown, headers: Record<string, string> = {}) {
    const { status, text, json } = await server.ask({ path: `/predict/${model}`, body, headers })
    assert.equal(status, 200, text)
    return json!
  }

  async function inputsOf(model: string) {
    const { json } = await server.ask({ path: `/v2/models/${model}` })
    const inputs = json!.inputs as readonly { readonly name: string; readonly datatype: string }[]
    return inputs.map(({ name, datatype }) => ({ name, datatype }))
  }

  async function infer(model: string, body: string | Uint8Array<ArrayBuffer>, length?: number) {
    const response = await fetch(`http://127.0.0.1:${server.port}/v2/models/${model}/infer`, {
      method: 'POST',
      body,
      ...(length && { headers: { 'inference-header-content-length': `${length}` } }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    assert.equal(response.status, 200, bytes.toString())
    const headerLength = Number(response.headers.get('inference-header-content-length'))
    const text = (from?: number, to?: number) => bytes.toString('utf8', from, to)
    return { bytes, headerLength, text }
  }
})

interface JsonOutput {
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface BinaryOutput extends Omit<JsonOutput, 'data'> {
  readonly parameters: { readonly binary_data_size: number }
}

/** Answers to `predictions.length` rows, from the row `first` on; labels by their names. */
function checkRows(
  { model, labels, probabilities, predictions, tolerance }: Example,
  prediction: readonly unknown[],
  probability: readonly (readonly number[])[] | undefined,
  first = 0,
): void {
  const end = first + prediction.length
  if (predictions !== undefined) {
    assert.equal(probability, undefined)
    checkNear(prediction as number[], predictions.slice(first, end), tolerance)
    return
  }
  const named = labels!.map((label) => names[model]?.[label] ?? label)
  assert.deepEqual(prediction, named.slice(first, end))
  assert.equal(probability!.length, prediction.length)
  for (const [row, scores] of probability!.entries()) {
    checkNear(scores, probabilities![first + row]!, tolerance)
  }
}

/** Answers to all rows, as the model's own outputs have them. */
function checkOutputs(example: Example, outputs: readonly JsonOutput[]): void {
  const { labels, probabilities, predictions, tolerance, rows } = example
  assert.deepEqual(
    outputs.map((output) => output.shape[0]),
    outputs.map(() => rows.length),
  )
  const label = outputs.find(({ datatype }) => datatype === 'INT64')
  const floats = outputs.find(({ datatype }) => datatype === 'FP32')!
  if (labels !== undefined) assert.deepEqual(label?.data, labels)
  checkNear(floats.data, predictions ?? probabilities!.flat(), tolerance)
}

function numbersOf(datatype: string, bytes: Uint8Array): readonly number[] {
  const { buffer } = new Uint8Array(bytes)
  return datatype === 'INT64'
    ? Array.from(new BigInt64Array(buffer), Number)
    : Array.from(new Float32Array(buffer))
}

function checkNear(got: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(got.length, expected.length)
  for (const [index, value] of got.entries()) {
    const far = Math.abs(value - expected[index]!)
    assert.ok(far <= tolerance, `${value} at ${index}: expected ${expected[index]} ± ${tolerance}`)
  }
}
