import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Task } from '../../signature.ts'
import { type Datatype, type NamedTensor, type Shape, tensorFromFlat } from '../../tensor/index.ts'
import { encodeAnswer } from './encode.ts'

const scoresOnly: Task = { kind: 'classifier', scoreOutput: 'scores' }
const labelOnly: Task = { kind: 'classifier', labelOutput: 'label' }
const both: Task = { ...scoresOnly, ...labelOnly }
const twoRows = output('scores', 'FP32', [2, 3], [0.25, 0.5, 0.25, 0.75, 0.125, 0.125])
const oneOf3 = output('scores', 'FP32', [1, 3], [0.25, 0.5, 0.25])

describe('a plain answer', () => {
  const cases: {
    name: string
    task?: Task
    outputs: readonly NamedTensor[]
    oneRow?: boolean
    answer: unknown
  }[] = [
    {
      name: 'of scores alone predicts the likeliest class',
      task: scoresOnly,
      outputs: [twoRows],
      answer: {
        prediction: [1, 0],
        probability: [
          [0.25, 0.5, 0.25],
          [0.75, 0.125, 0.125],
        ],
      },
    },
    {
      name: 'of scores alone predicts by name',
      task: { ...scoresOnly, labels: ['a', 'b', 'c'] },
      outputs: [oneOf3],
      oneRow: true,
      answer: { prediction: 'b', probability: [0.25, 0.5, 0.25] },
    },
    {
      name: 'of scores in 16 bits compares numbers, not their bits',
      task: scoresOnly,
      outputs: [output('scores', 'FP16', [2, 2], [-4, -0.5, 0.5, -1])],
      answer: {
        prediction: [1, 0],
        probability: [
          [-4, -0.5],
          [0.5, -1],
        ],
      },
    },
    {
      name: 'of scores as brain floats compares numbers, not their bits',
      task: scoresOnly,
      outputs: [output('scores', 'BF16', [1, 2], [-4, -0.5])],
      answer: { prediction: [1], probability: [[-4, -0.5]] },
    },
    {
      name: 'of more scores than labels names nothing',
      task: { ...scoresOnly, labels: ['no', 'yes'] },
      outputs: [output('scores', 'FP32', [2, 1], [0.75, 0.25])],
      answer: { outputs: { scores: [[0.75], [0.25]] } },
    },
    {
      name: 'of labels alone has no probability',
      task: labelOnly,
      outputs: [output('label', 'INT64', [3], [2, 0, 1])],
      answer: { prediction: [2, 0, 1] },
    },
    {
      name: 'of labels in a column is one list',
      task: labelOnly,
      outputs: [output('label', 'INT64', [2, 1], [2, 0])],
      answer: { prediction: [2, 0] },
    },
    {
      name: 'of a label and scores takes the label of the model, whatever the scores say',
      task: both,
      outputs: [output('label', 'INT64', [2], [2, 1]), twoRows],
      answer: {
        prediction: [2, 1],
        probability: [
          [0.25, 0.5, 0.25],
          [0.75, 0.125, 0.125],
        ],
      },
    },
    {
      name: 'of one row has no lists of rows',
      task: both,
      outputs: [output('label', 'INT64', [1], [2]), oneOf3],
      oneRow: true,
      answer: { prediction: 2, probability: [0.25, 0.5, 0.25] },
    },
    {
      name: 'names a label by its place',
      task: { ...labelOnly, labels: ['a', 'b', 'c'] },
      outputs: [output('label', 'INT64', [4], [2, 0, 7, -1])],
      answer: { prediction: ['c', 'a', 7, -1] },
    },
    {
      name: 'names a label by the class it stands for',
      task: { ...labelOnly, labels: ['low', 'mid', 'high'], classes: [10, 20, 30] },
      outputs: [output('label', 'INT64', [4], [30, 10, 20, 1])],
      answer: { prediction: ['high', 'low', 'mid', 1] },
    },
    {
      name: 'gives labels of text as they are',
      task: { ...labelOnly, labels: ['setosa', 'virginica'] },
      outputs: [output('label', 'BYTES', [2], ['virginica', '1'])],
      answer: { prediction: ['virginica', '1'] },
    },
    {
      name: 'renames labels of text',
      task: { ...labelOnly, labels: ['A', 'B'], classes: ['a "quoted" one', 'b'] },
      outputs: [output('label', 'BYTES', [2], ['b', 'a "quoted" one'])],
      answer: { prediction: ['B', 'A'] },
    },
    {
      name: 'of a regressor in a column is one list',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP64', [3, 1], [1.5, -2.5, 1e21])],
      answer: { prediction: [1.5, -2.5, 1e21] },
    },
    {
      name: 'of a regressor in a row is one list',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP64', [2], [1.5, -2.5])],
      answer: { prediction: [1.5, -2.5] },
    },
    {
      name: 'of a regressor to one row is a number',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP64', [1, 1], [1.5])],
      oneRow: true,
      answer: { prediction: 1.5 },
    },
    {
      name: 'of a regressor that gives several numbers to one row is a list',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP64', [2], [1.5, 2.5])],
      oneRow: true,
      answer: { prediction: [1.5, 2.5] },
    },
    {
      name: 'of a regressor to no rows is empty',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP64', [0, 1], [])],
      answer: { prediction: [] },
    },
    {
      name: 'says what is not finite in words',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('y', 'FP32', [3], ['NaN', 'Infinity', '-Infinity'])],
      answer: { prediction: ['NaN', 'Infinity', '-Infinity'] },
    },
    {
      name: 'without a task is the outputs by name',
      outputs: [
        output('text', 'BYTES', [2, 1], ['é', { b64: '/w==' }]),
        output('count', 'UINT8', [2], [1, 2]),
      ],
      answer: { outputs: { text: [['é'], [{ b64: '/w==' }]], count: [1, 2] } },
    },
    {
      name: 'without a task to one row has the first row of each output, and scalars as they are',
      outputs: [
        output('y', 'FP32', [1, 2], [1, 2]),
        output('total', 'FP32', [], [3]),
        output('table', 'FP32', [2, 1], [4, 5]),
      ],
      oneRow: true,
      answer: { outputs: { y: [1, 2], total: 3, table: [[4], [5]] } },
    },
    {
      name: 'without the output of its task shows what there is',
      task: { kind: 'regressor', output: 'y' },
      outputs: [output('z', 'FP32', [1], [1])],
      answer: { outputs: { z: [1] } },
    },
  ]
  for (const { name, task, outputs, oneRow = false, answer } of cases) {
    it(name, () => {
      const text = encode(outputs, oneRow, task)
      assert.deepEqual(JSON.parse(text), {
        ...(answer as object),
        model_version: '7',
        latency_ms: 1.235,
      })
    })
  }

  it('has every digit of an integer', () => {
    const outputs = [output('label', 'INT64', [1], ['9007199254740993'])]
    assert.match(encode(outputs, true, labelOnly), /"prediction":9007199254740993,/)
  })
})

function encode(outputs: readonly NamedTensor[], oneRow: boolean, task?: Task): string {
  const timing = { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
  return encodeAnswer({
    signature: { inputs: [], outputs: [], ...(task && { task }) },
    response: { model: 'm', version: '7', outputs, timing },
    oneRow,
    latencyMs: 1.23456,
  })
}

function output(name: string, datatype: Datatype, shape: Shape, data: unknown): NamedTensor {
  return { name, tensor: tensorFromFlat({ name, datatype, path: [] }, data, shape) }
}
