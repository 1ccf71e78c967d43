import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  type NodeProto,
} from '../../onnx/generated/onnx-ml_pb.ts'
import { parseOnnx, partsOf } from '../../onnx/index.ts'
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../onnx/testing.ts'
import { traitsOf } from './graph-traits.ts'

describe('the traits of a graph', () => {
  const cases: readonly [what: string, node: NodeProto[], bounded: boolean, straight: boolean][] = [
    ['plain operators', [nodeOf('Relu', ['x'], ['y'])], true, true],
    ['trees', [nodeOf('TreeEnsembleClassifier', ['x'], ['y'], [], 'ai.onnx.ml')], true, true],
    ["the library's own", [nodeOf('Gelu', ['x'], ['y'], [], 'com.microsoft')], true, true],
    ["ONNX's other name", [nodeOf('Relu', ['x'], ['y'], [], 'ai.onnx')], true, true],
    ['of others', [nodeOf('Relu', ['x'], ['y'], [], 'com.example')], false, true],
    ['of PyTorch', [nodeOf('ATen', ['x'], ['y'], [], 'org.pytorch.aten')], false, true],
    ['a loop', [nodeOf('Loop', ['n', '', 'x'], ['y'])], false, false],
    ['a scan', [nodeOf('Scan', ['x'], ['y'])], false, false],
    ['a search', [nodeOf('BeamSearch', ['x'], ['y'], [], 'com.microsoft')], false, false],
    ['a branch', [branch(nodeOf('Relu', ['x'], ['b']))], true, false],
    ['a loop in a branch', [branch(nodeOf('Loop', ['n', '', 'x'], ['b']))], false, false],
    [
      'a loop in a branch of a branch',
      [branch(branch(nodeOf('Loop', ['n', '', 'x'], ['b'])))],
      false,
      false,
    ],
    ['a size that is told by a value', [nodeOf('Expand', ['x', 'n'], ['y'])], false, true],
    ['a size that is known', [nodeOf('Expand', ['x', 'known'], ['y'])], true, true],
    [
      'a size that is told by a shape',
      [nodeOf('Shape', ['x'], ['s']), nodeOf('ConstantOfShape', ['s'], ['y'])],
      true,
      true,
    ],
    [
      'a size that is computed from shapes and known numbers',
      [
        nodeOf('Shape', ['x'], ['s']),
        nodeOf('Gather', ['s', 'known'], ['first']),
        nodeOf('Concat', ['first', 'known'], ['c']),
        nodeOf('Tile', ['x', 'c'], ['y']),
      ],
      true,
      true,
    ],
    [
      'a size that is computed from a value',
      [nodeOf('Mul', ['known', 'n'], ['m']), nodeOf('Range', ['known', 'm', 'known'], ['y'])],
      false,
      true,
    ],
    [
      'a size that is the shape of what a value made',
      [
        nodeOf('Range', ['known', 'n', 'known'], ['r']),
        nodeOf('Shape', ['r'], ['s']),
        nodeOf('ConstantOfShape', ['s'], ['y']),
      ],
      false,
      true,
    ],
    [
      'a size that a branch chose',
      [branch(nodeOf('Identity', ['n'], ['b'])), nodeOf('Expand', ['x', 'chosen'], ['y'])],
      false,
      false,
    ],
  ]
  for (const [what, node, bounded, straight] of cases) {
    it(`${what}: ${bounded ? 'bounded' : 'not bounded'}, ${straight ? '' : 'not '}straight`, () => {
      const { roundsTogether, ...found } = traitsOfNodes(node)
      assert.equal(roundsTogether, false)
      assert.deepEqual(found, { bounded, straight })
    })
  }

  it("looks into the model's own functions", () => {
    const own = (body: NodeProto) => ({
      functions: [create(FunctionProtoSchema, { name: 'Own', domain: 'mine', node: [body] })],
    })
    const call = [nodeOf('Own', ['x'], ['y'], [], 'mine')]
    const of = (body: NodeProto) => traitsOfNodes(call, own(body))
    assert.deepEqual(of(nodeOf('Relu', ['a'], ['b'])), {
      bounded: true,
      roundsTogether: false,
      straight: true,
    })
    assert.deepEqual(of(nodeOf('Loop', ['a'], ['b'])), {
      bounded: false,
      roundsTogether: false,
      straight: false,
    })
    assert.deepEqual(of(nodeOf('Expand', ['a', 'c'], ['b'])), {
      bounded: false,
      roundsTogether: false,
      straight: true,
    })
    assert.deepEqual(of(nodeOf('Other', ['a'], ['b'], [], 'mine')), {
      bounded: false,
      roundsTogether: false,
      straight: true,
    })
  })

  it('tell of numbers that are rounded by what is largest in a run', () => {
    const dynamic = nodeOf('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero'])
    assert.equal(traitsOfNodes([dynamic]).roundsTogether, true)
  })
})

function traitsOfNodes(node: NodeProto[], around: Parameters<typeof modelOf>[1] = {}) {
  const bytes = modelOf(
    {
      node,
      input: [tensorInfo('x', 'FP32', ['rows']), tensorInfo('n', 'INT64', [1])],
      output: [tensorInfo('y', 'FP32', ['rows'])],
      initializer: [rawTensor('known', 'INT64', [1], new Uint8Array(8))],
    },
    around,
  )
  const model = parseOnnx(bytes, { name: 'm.onnx', folder: '.' })
  return traitsOf(model, partsOf(model), ['x', 'n'])
}

/** Makes `chosen`; the name of its body's value is `b`. */
function branch(body: NodeProto): NodeProto {
  const attribute = create(AttributeProtoSchema, {
    name: 'then_branch',
    type: AttributeProto_AttributeType.GRAPH,
    g: { name: 'then', node: [body], output: [tensorInfo('b', 'FP32', [])] },
  })
  return nodeOf('If', ['go'], ['chosen'], [attribute])
}
