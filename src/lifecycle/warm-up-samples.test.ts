import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { configuredSamples } from './warm-up-samples.ts'

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'ids', datatype: 'INT64', shape: [-1, -1], optional: true },
    { name: 'text', datatype: 'BYTES', shape: [3], optional: true },
  ],
  outputs: [],
}

const samplesOf = (yaml: string) =>
  configuredSamples(
    parseModelConfig(`warmUp:\n  samples:\n${yaml}`, 'model.yaml').warmUp.samples,
    signature,
  )

it('rows, one row and values of fixed shapes are requests', () => {
  const samples = samplesOf(`
    - inputs: {x: [[5.5, 6], [7, 8]], ids: [[3, 4]]}
    - {name: short, count: 4, inputs: {x: [9, 1], ids: [2], text: [a, b, c]}}
`)
  assert.deepEqual(samples, [
    {
      name: '1',
      count: 1,
      request: {
        inputs: [
          { name: 'x', tensor: fp32([2, 2], 5.5, 6, 7, 8) },
          { name: 'ids', tensor: int64([1, 2], 3n, 4n) },
        ],
      },
    },
    {
      name: 'short',
      count: 4,
      request: {
        inputs: [
          { name: 'x', tensor: fp32([1, 2], 9, 1) },
          { name: 'ids', tensor: int64([1, 1], 2n) },
          {
            name: 'text',
            tensor: {
              datatype: 'BYTES',
              shape: [3],
              data: ['a', 'b', 'c'].map((text) => Buffer.from(text)),
            },
          },
        ],
      },
    },
  ])
  assert.deepEqual(configuredSamples([], signature), [])
})

it('a value that is none of its input refuses the version, by the name of the sample', () => {
  const cases = [
    ['- inputs: {x: [[1, two]]}', /^warm-up sample "1": input "x": expected a number.*got "two"/],
    ['- inputs: {x: [[1, 2], [3]]}', /sample "1": input "x" has an invalid shape/],
    ['- {name: a, inputs: {x: 7}}', /sample "a": input "x" has an invalid shape.*2 deep/],
    ['- {name: a, inputs: {z: 7}}', /sample "a": "it" has no input "z"/],
    ['- inputs: {x: [1, 2], text: a}', /input "text" has an invalid shape/],
    ['- inputs: {ids: [[1.5]]}', /input "ids": expected an integer/],
  ] as const
  for (const [yaml, expected] of cases) {
    assert.match(refusalOf(yaml).message, expected)
    assert.equal(refusalOf(yaml).reason, 'WARM_UP_FAILED')
  }
})

it('a large integer is taken as a string of digits, and refused where YAML may have rounded it', () => {
  const [sample] = samplesOf('    - inputs: {ids: [["9007199254740993"]]}')
  assert.deepEqual(sample!.request.inputs[0]!.tensor, int64([1, 1], 9007199254740993n))
  assert.match(refusalOf('- inputs: {ids: [[9007199254740993]]}').hint!, /string of digits/)
})

it('a sample says what it gives, and a count is at least one', () => {
  assert.throws(() => samplesOf('    - {name: a}'), /inputs/)
  assert.throws(() => samplesOf('    - {count: 0, inputs: {}}'), /count/)
})

function refusalOf(yaml: string): ServingError {
  try {
    samplesOf(`    ${yaml}`)
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError, `${thrown}`)
    return thrown
  }
  assert.fail(`${yaml} is taken`)
}

function fp32(shape: readonly number[], ...values: number[]) {
  return { datatype: 'FP32' as const, shape, data: Float32Array.from(values) }
}

function int64(shape: readonly number[], ...values: bigint[]) {
  return { datatype: 'INT64' as const, shape, data: BigInt64Array.from(values) }
}
