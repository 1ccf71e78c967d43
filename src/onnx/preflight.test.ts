import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { AttributeProtoSchema } from './generated/onnx-ml_pb.ts'
import { parseOnnx, preflight } from './index.ts'
import { addModel, modelOf, nodeOf, rawTensor, zipMapModel } from './testing.ts'

test('nothing is found in a model that loads', () => {
  assert.deepEqual(preflight(parse(addModel('FP32', [1]))), [])
  assert.deepEqual(preflight(parse(zipMapModel([1, 2]))), [])
})

for (const { irVersion, found } of [
  { irVersion: 0n, found: [] },
  { irVersion: 13n, found: [] },
  { irVersion: 14n, found: [/IR version: expected at most 13 for ONNX Runtime 1.30, got 14; /] },
]) {
  test(`IR version ${irVersion} has ${found.length} problems`, () => {
    matches(preflight(parse(modelOf({}, { irVersion }))), found)
  })
}

test('a missing IR version and missing opsets are problems', () => {
  // tag 7, length 0: a model of an empty graph and nothing else
  matches(preflight(parse(new Uint8Array([0x3a, 0x00]))), [
    /IR version is missing/,
    /opsets: expected/,
  ])
})

for (const { domain, version, says } of [
  { domain: '', version: 1n },
  { domain: '', version: 26n },
  { domain: '', version: 27n, says: /opset of ai.onnx: expected 1 to 26 for .*, got 27; / },
  { domain: '', version: 0n, says: /got 0; / },
  { domain: 'ai.onnx.ml', version: 5n },
  { domain: 'ai.onnx.ml', version: 6n, says: /opset of ai.onnx.ml: expected 1 to 5/ },
  { domain: 'com.microsoft', version: 1n },
  { domain: 'com.microsoft', version: 2n, says: /opset of com.microsoft: expected 1 to 1/ },
  { domain: 'com.acme', version: 99n },
]) {
  test(`opset ${version} of "${domain}" ${says === undefined ? 'passes' : 'is a problem'}`, () => {
    const model = parse(modelOf({}, { opsetImport: [{ domain, version }] }))
    matches(preflight(model), says === undefined ? [] : [says])
  })
}

test('operators of a domain that the runtime does not carry are named, once each', () => {
  const body = { node: [nodeOf('Gizmo', [], [], [], 'com.acme')] }
  const bytes = modelOf({
    node: [
      nodeOf('Widget', [], [], [], 'com.acme'),
      nodeOf('Widget', [], [], [], 'com.acme'),
      nodeOf('Loop', [], [], [create(AttributeProtoSchema, { name: 'body', g: body })]),
      nodeOf('Tokenizer', [], [], [], 'ai.onnx.contrib'),
      nodeOf('Gelu', [], [], [], 'com.microsoft'),
      nodeOf('Add', [], [], [], 'ai.onnx'),
    ],
  })
  matches(preflight(parse(bytes)).toSorted(), [
    /^operators of ai.onnx.contrib: expected those of ONNX Runtime 1.30, got Tokenizer; /,
    /^operators of com.acme: expected those of ONNX Runtime 1.30, got Gizmo, Widget; /,
  ])
})

test("the model's own functions are no custom operators", () => {
  const node = [
    nodeOf('Mine', ['x'], ['y'], [], 'local'),
    nodeOf('Other', ['x'], ['z'], [], 'local'),
  ]
  const functions = [{ domain: 'local', name: 'Mine', node: [nodeOf('Identity', ['x'], ['y'])] }]
  matches(preflight(parse(modelOf({ node }, { functions }))), [/operators of local: .* got Other;/])
})

test('weights of another size than their shape are problems', () => {
  const initializer = [
    rawTensor('short', 'FP32', [2, 3], new Uint8Array(20)),
    rawTensor('right', 'FP32', [2, 3], new Uint8Array(24)),
    rawTensor('long', 'INT8', [3], new Uint8Array(4)),
    { name: 'few', dims: [3n], dataType: 7, int64Data: [1n, 2n] },
  ]
  matches(preflight(parse(modelOf({ initializer }))), [
    /tensor "short": expected 24 bytes for FLOAT \[2,3\], got 20; /,
    /tensor "long": expected 3 bytes for INT8 \[3\], got 4; /,
    /tensor "few": expected 24 bytes for INT64 \[3\], got 16; /,
  ])
})

function matches(found: readonly string[], expected: readonly RegExp[]) {
  assert.equal(found.length, expected.length, found.join('\n'))
  for (const [at, pattern] of expected.entries()) assert.match(found[at]!, pattern)
}

function parse(bytes: Uint8Array) {
  return parseOnnx(bytes, { name: 'm.onnx' })
}
