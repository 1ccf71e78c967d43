import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe, encodeOnnx, parseOnnx, signatureOf, taskOf, withoutZipMap } from './index.ts'
import {
  addModel,
  attribute,
  mapsInfo,
  modelOf,
  nodeOf,
  Type,
  tensorInfo,
  zipMapModel,
} from './testing.ts'

for (const { kind, labels, label } of [
  { kind: 'strings', labels: ['cat', 'dog', 'eel'], label: 'BYTES' },
  { kind: 'whole numbers', labels: [3, -5, 8, 13], label: 'INT64' },
]) {
  test(`a ZipMap of ${kind} becomes its scores, under its name`, () => {
    const model = parse(zipMapModel(labels as string[]))
    const rewritten = withoutZipMap(model)
    assert.ok(rewritten !== undefined)
    const read = parse(encodeOnnx(rewritten))
    const { outputs, inputs } = signatureOf(read)
    assert.deepEqual(outputs, [
      { name: 'label', datatype: label, shape: [-1], axes: ['batch'] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, labels.length] },
    ])
    assert.deepEqual(inputs, signatureOf(model).inputs)
    assert.deepEqual(Object.keys(describe(read).operators['ai.onnx.ml'] ?? {}), [
      'LinearClassifier',
    ])
    assert.equal(withoutZipMap(read), undefined)
  })

  test(`the labels of a ZipMap of ${kind} name the scores`, () => {
    const model = parse(zipMapModel(labels as string[]))
    const task = {
      kind: 'classifier',
      labelOutput: 'label',
      scoreOutput: 'probabilities',
      labels,
    }
    assert.deepEqual(signatureOf(model).task, task)
    assert.deepEqual(taskOf(model, signatureOf(model)), task)
    const rewritten = withoutZipMap(model)!
    assert.deepEqual(taskOf(rewritten, signatureOf(rewritten)), task)
  })
}

test('the labels of a ZipMap are kept where nothing else names them', () => {
  const bytes = modelOf({
    node: [
      nodeOf('ArgMax', ['x'], ['label']),
      nodeOf(
        'ZipMap',
        ['x'],
        ['p'],
        [attribute('classlabels_strings', ['no', 'yes'])],
        'ai.onnx.ml',
      ),
    ],
    input: [tensorInfo('x', 'FP32', [-1, 2])],
    output: [tensorInfo('label', 'INT64', [-1]), mapsInfo('p', Type.STRING)],
  })
  const { task } = signatureOf(parse(bytes))
  assert.deepEqual(task?.kind === 'classifier' && task.labels, ['no', 'yes'])
})

test('scores that are used elsewhere keep their name', () => {
  const model = parse(zipMapModel([1, 2], { scoresUsedElsewhere: true }))
  const nodes = withoutZipMap(model)!.proto.graph!.node
  assert.deepEqual(
    nodes.map(({ opType, input, output }) => [opType, input, output]),
    [
      ['LinearClassifier', ['x'], ['label', 'scores']],
      ['Identity', ['scores'], ['probabilities']],
      ['Identity', ['scores'], ['copy']],
    ],
  )
})

test('a model is left as it was', () => {
  const bytes = zipMapModel(['a', 'b'])
  const model = parse(bytes)
  withoutZipMap(model)
  assert.deepEqual(encodeOnnx(model), encodeOnnx(parse(bytes)))
  assert.throws(() => signatureOf({ ...model, proto: unserved() }), /sequence\(map/)
})

test('a model without a ZipMap is not rewritten', () => {
  assert.equal(withoutZipMap(parse(addModel('FP32', [1]))), undefined)
})

/** A ZipMap whose maps another node takes: they cannot be taken away. */
function unserved() {
  const bytes = modelOf({
    node: [
      nodeOf('ZipMap', ['x'], ['maps'], [attribute('classlabels_int64s', [1, 2])], 'ai.onnx.ml'),
      nodeOf('SequenceLength', ['maps'], ['n']),
    ],
    input: [tensorInfo('x', 'FP32', [-1, 2])],
    output: [mapsInfo('maps', Type.INT64), tensorInfo('n', 'INT64', [])],
  })
  return parse(bytes).proto
}

function parse(bytes: Uint8Array) {
  return parseOnnx(bytes, { name: 'm.onnx' })
}
