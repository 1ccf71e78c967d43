import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../errors.ts'
import {
  describe,
  encodeOnnx,
  externalFiles,
  initializers,
  parseOnnx,
  preflight,
  signatureOf,
  withoutZipMap,
} from './index.ts'
import { addModel, identityModel, modelOf, rawTensor, zipMapModel } from './testing.ts'

const samples = [
  identityModel('FP16', [2, -1]),
  addModel('FP64', ['batch', 3]),
  zipMapModel(['cat', 'dog', 'eel']),
  modelOf(
    {
      initializer: [rawTensor('w', 'INT8', [5], new Uint8Array([1, 2, 3, 4, 5]))],
      docString: 'a graph',
      metadataProps: [{ key: 'of', value: 'the graph' }],
    },
    { trainingInfo: [{}], metadataProps: [{ key: 'author', value: 'somebody' }] },
  ),
]

test('a model that is written again is the same, with what the outline does not know', () => {
  for (const bytes of samples) {
    assert.deepEqual(sorted(encodeOnnx(parse(bytes))), sorted(bytes))
    // and once more, so that the order of fields has settled
    const again = encodeOnnx(parse(bytes))
    assert.deepEqual(encodeOnnx(parse(again)), again)
  }
})

test('weights are views of the bytes of the file', () => {
  const weights = new Uint8Array(1000).fill(9)
  const bytes = modelOf({ initializer: [rawTensor('w', 'UINT8', [1000], weights)] })
  const read = initializers(parse(bytes))[0]?.bytes()
  assert.deepEqual(read, weights)
  assert.equal(read?.buffer, bytes.buffer)
})

test('any truncation of a model is refused or read, and nothing else is thrown', () => {
  let refused = 0
  for (const bytes of samples) {
    for (let length = 0; length < bytes.byteLength; length += 1) {
      if (!survives(bytes.subarray(0, length))) refused += 1
    }
  }
  assert.ok(refused > 100)
})

test('any change of bytes is refused or read, and nothing else is thrown', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (bytes, changes) => {
        const changed = bytes.slice()
        for (const [at, value] of changes) changed[at % changed.byteLength] = value
        survives(changed)
      },
    ),
    { seed: 11, numRuns: 2000 },
  )
})

test('arbitrary bytes are refused or read, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      survives(bytes)
    }),
    { seed: 12, numRuns: 2000 },
  )
})

test('more tensors than arguments fit on the stack are read', () => {
  // a sparse initializer of nothing: tag 15, length 0
  const graph = Buffer.from('7a00'.repeat(300_000), 'hex')
  const length = [
    (graph.byteLength & 0x7f) | 0x80,
    ((graph.byteLength >> 7) & 0x7f) | 0x80,
    graph.byteLength >> 14,
  ]
  assert.ok(survives(Buffer.concat([Uint8Array.from([0x3a, ...length]), graph])))
})

function survives(bytes: Uint8Array): boolean {
  try {
    const model = parse(bytes)
    preflight(model)
    externalFiles(model)
    for (const weight of initializers(model)) weight.bytes()
    describe(model)
    signatureOf(model)
    encodeOnnx(withoutZipMap(model) ?? model)
    return true
  } catch (error) {
    assert.ok(error instanceof ServingError, String((error as Error).stack))
    assert.match(error.reason, /^MODEL_(UNREADABLE|UNSUPPORTED)$/)
    return false
  }
}

const parse = (bytes: Uint8Array) => parseOnnx(bytes, { name: 'm.onnx' })

const sorted = (bytes: Uint8Array) => [...bytes].sort((a, b) => a - b)
