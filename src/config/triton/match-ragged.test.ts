import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServingError } from '../../errors.ts'
import type { Signature } from '../../signature.ts'
import { matchTensors } from './match-tensors.ts'
import { configOf } from './testing.ts'

const config = (more = '', derived = 'TYPE_INT32') =>
  configOf(`
    name: "m" max_batch_size: 16
    input { name: "x" data_type: TYPE_FP32 dims: [ -1, 2 ] allow_ragged_batch: true }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 3 ] }
    batch_input { kind: BATCH_ELEMENT_COUNT target_name: "n" data_type: ${derived} source_input: "x" }
    batch_input { kind: BATCH_ITEM_SHAPE target_name: "s" data_type: TYPE_FP32 source_input: "x" }
    batch_output { target_name: "y" source_input: "x" } ${more}`)

const signature = (shapes: Readonly<Record<string, readonly number[]>> = {}): Signature => ({
  inputs: [
    { name: 'x', datatype: 'FP32', shape: shapes.x ?? [-1] },
    { name: 'n', datatype: 'INT32', shape: shapes.n ?? [-1] },
    { name: 's', datatype: 'FP32', shape: shapes.s ?? [-1, 2] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
})

describe('a model that takes requests of different shapes as one', () => {
  it('has one axis where clients have rows, and inputs that they do not send', () => {
    const { inputs, outputs, derived } = matchTensors(config(), signature())
    assert.deepEqual(
      [...inputs, ...outputs].map(({ model, clients }) => [model.name, model.shape, clients.shape]),
      [
        ['x', [-1], [-1, -1, 2]],
        ['y', [-1], [-1, -1, 3]],
      ],
    )
    assert.deepEqual(
      derived.map(({ name }) => name),
      ['n', 's'],
    )
  })

  const refused = (run: () => unknown) => {
    let message = ''
    assert.throws(run, (thrown) => {
      message = thrown instanceof ServingError ? thrown.message : ''
      return thrown instanceof ServingError && thrown.reason === 'MODEL_UNSUPPORTED'
    })
    return message
  }

  for (const [shapes, problem] of [
    [{ x: [-1, -1] }, /shape \[-1\] for ragged input 'x', model provides \[-1,-1\]/],
    [{ n: [-1, 1] }, /shape \[-1\] for ragged input 'n', model provides \[-1,1\]/],
    [{ s: [-1] }, /shape \[-1,-1\] for ragged input 's', model provides \[-1\]/],
  ] as const) {
    it(`is refused where it has other axes: ${JSON.stringify(shapes)}`, () =>
      assert.match(
        refused(() => matchTensors(config(), signature(shapes))),
        problem,
      ))
  }

  it('is refused where an input is of another datatype, or one too many', () => {
    assert.match(
      refused(() => matchTensors(config('', 'TYPE_FP32'), signature())),
      /expects datatype TYPE_FP32 for input 'n', model provides TYPE_INT32/,
    )
    const one = 'batch_input { target_name: "q" data_type: TYPE_INT32 source_input: "x" }'
    assert.match(
      refused(() => matchTensors(config(one), signature())),
      /expects 4 inputs, model provides 3/,
    )
  })
})
