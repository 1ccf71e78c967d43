import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { layeredModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { Signature } from '../signature.ts'
import type { Datatype, Shape } from '../tensor/index.ts'
import { controlTensor } from './controls.ts'
import { planSequences } from './plan.ts'

const spec = (name: string, datatype: Datatype, ...shape: number[]) => ({ name, datatype, shape })

function plan(
  signature: Signature,
  told: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, Uint8Array>> = {},
) {
  const value = { sequences: told }
  const config = layeredModelConfig([{ name: 'model.yaml', value }]).sequences!
  return planSequences({ model: 'm', signature, config, files: new Map(Object.entries(files)) })
}

const model = (datatype: Datatype = 'FP32', shape: Shape = [-1, 2]): Signature => ({
  inputs: [spec('x', 'FP32', -1, 3), spec('c', 'INT32', -1, 1), { ...spec('h', datatype), shape }],
  outputs: [spec('y', 'FP32', -1, 3), { ...spec('h2', datatype), shape }],
})
const state = { input: 'h', output: 'h2' }
const start = { input: 'c', means: 'start' }

describe('of a model with sequences', () => {
  it('clients see what is neither told nor kept', () => {
    const { visible, batched, maxRows } = plan(model(), { controls: [start], state: [state] })
    assert.deepEqual(visible.inputs, [spec('x', 'FP32', -1, 3)])
    assert.deepEqual(visible.outputs, [spec('y', 'FP32', -1, 3)])
    assert.deepEqual([batched, maxRows], [true, 4])
  })

  it('clients see a state that is to be seen', () => {
    const { visible } = plan(model(), { state: [{ ...state, visible: true }] })
    assert.deepEqual(
      visible.outputs.map(({ name }) => name),
      ['y', 'h2'],
    )
  })

  it('rows are an axis where every tensor has one, or it is said', () => {
    assert.equal(plan(model(), { maxBatchSize: 9 }).maxRows, 9)
    assert.equal(plan(model(), { maxBatchSize: 0 }).batched, false)
    const single: Signature = { inputs: [spec('x', 'FP32', 1, 3)], outputs: [spec('y', 'FP32', 3)] }
    assert.deepEqual([plan(single, {}).batched, plan(single, {}).maxRows], [false, 1])
  })

  it('requests are of one shape where the model takes one only', () => {
    assert.ok(plan(model(), { controls: [start], state: [state] }).uniform)
    const free = { ...model(), inputs: [...model().inputs, spec('z', 'FP32', -1, -1)] }
    assert.ok(!plan(free, { state: [state] }).uniform)
    assert.ok(!plan(model('FP32', [-1, -1]), { state: [state] }).uniform)
  })
})

describe('the state of a sequence begins', () => {
  const initial = (signature: Signature, told: unknown, files = {}) =>
    plan(signature, { state: [{ ...state, ...(told as object) }] }, files).states[0]!.initial

  it('with zeros, of one place on an axis of any size', () => {
    assert.deepEqual(initial(model('FP32', [-1, -1, 2]), {}), {
      datatype: 'FP32',
      shape: [1, 1, 2],
      data: new Float32Array(2),
    })
    assert.deepEqual(initial(model('BYTES'), {}).data, [new Uint8Array(0), new Uint8Array(0)])
  })

  it('with a value, in a shape', () => {
    const told = { initial: { value: 7, shape: [3] } }
    assert.deepEqual(initial(model('INT64', [-1, -1]), told), {
      datatype: 'INT64',
      shape: [1, 3],
      data: BigInt64Array.of(7n, 7n, 7n),
    })
  })

  it('with what is in a file, of which the rest is left', () => {
    const file = new Uint8Array(new Float32Array([1.5, 2.5, 9]).buffer)
    const told = { initial: { file: 'h' } }
    assert.deepEqual(initial(model(), told, { h: file }).data, Float32Array.of(1.5, 2.5))
    const strings = Buffer.from('\x02\x00\x00\x00ab\x00\x00\x00\x00')
    const read = initial(model('BYTES'), told, { h: strings }).data as readonly Uint8Array[]
    assert.deepEqual(
      read.map((one) => Buffer.from(one).toString()),
      ['ab', ''],
    )
  })
})

describe('is refused', () => {
  const cases: readonly (readonly [
    what: string,
    signature: Signature,
    told: object,
    problem: string,
  ])[] = [
    [
      'a control that the model does not have',
      model(),
      { controls: [{ input: 'q', means: 'start' }] },
      "configuration specified sequence control 'q', but model does not provide that input",
    ],
    [
      'a control of another shape',
      model(),
      { controls: [{ input: 'x', means: 'start' }] },
      "unable to load model 'm', sequence control 'x' in model has dims [3] but dims [1] is expected",
    ],
    [
      'a control of another datatype',
      model(),
      { controls: [{ ...start, datatype: 'FP32' }] },
      "unable to load model 'm', sequence control 'c', the model expects data-type INT32 but the model configuration specifies data-type FP32",
    ],
    [
      'a value that the control cannot have',
      model(),
      { controls: [{ ...start, values: [0.5, 1] }] },
      "unable to load model 'm', sequence control 'c': 0.5 is no INT32",
    ],
    [
      'a state that is no input',
      model(),
      { state: [{ ...state, input: 'q' }] },
      "sequences of model 'm' have a state in its input 'q', which the model does not have",
    ],
    [
      'a state that is no output',
      model(),
      { state: [{ ...state, output: 'q' }] },
      "sequences of model 'm' have a state in its output 'q', which the model does not have",
    ],
    [
      'a state of another datatype',
      model(),
      { state: [{ ...state, datatype: 'FP64' }] },
      "model 'm', state 'h': the model takes FP32, its configuration says FP64",
    ],
    [
      'a state of another shape',
      model(),
      { state: [{ ...state, shape: [4] }] },
      "model 'm', state 'h': the model takes shape [2], its configuration says [4]",
    ],
    [
      'a state that is given as it cannot be taken',
      model(),
      { state: [{ input: 'h', output: 'y' }] },
      "model 'm', state 'h': the model takes shape [-1,2], and gives [-1,3] in 'y'",
    ],
    [
      'a tensor that is two things',
      model('INT32', [-1, 1]),
      { controls: [{ input: 'h', means: 'start' }], state: [state] },
      "sequences of model 'm' speak of its tensor 'h' twice",
    ],
    [
      'an initial state that does not fit',
      model(),
      { state: [{ ...state, initial: { shape: [3] } }] },
      "model 'm', initial state 'h' has shape [3], the model takes [2]",
    ],
    [
      'rows without an axis for them',
      { ...model(), outputs: [spec('y', 'FP32', 3)] },
      { maxBatchSize: 2 },
      "model 'm', tensor 'y': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is [3]",
    ],
    [
      'a model that takes nothing else',
      { ...model(), inputs: [spec('h', 'FP32', -1, 2)] },
      { state: [state] },
      "model 'm' has no input for clients besides those of its sequences",
    ],
  ]
  for (const [what, signature, told, problem] of cases) {
    it(what, () => {
      assert.throws(
        () => plan(signature, told as Readonly<Record<string, unknown>>),
        (thrown) => thrown instanceof ServingError && thrown.message === problem,
      )
    })
  }

  it('a file that is too short', () => {
    const told = { state: [{ ...state, initial: { file: 'h' } }] }
    assert.throws(() => plan(model(), told, { h: new Uint8Array(7) }), {
      reason: 'MODEL_UNSUPPORTED',
      message:
        'model \'m\', initial state \'h\': the file "h": input "h" has 7 bytes, expected 8 bytes (2 elements of FP32)',
    })
  })
})

describe('a control tells', () => {
  const of = (datatype: Datatype, means: string, shape: Shape = [-1, 1], more = {}) => {
    const signature = { ...model(), inputs: [...model().inputs, { ...spec('k', datatype), shape }] }
    return plan(signature, { controls: [{ input: 'k', means, ...more }] }).controls[0]!
  }
  const place = (id: bigint | string, start: boolean, end: boolean) => ({ id, start, end })
  const rows = [place(1n, true, false), undefined, place(2n, false, true)]

  it('yes and no in every row, by the values of its datatype', () => {
    const told = (datatype: Datatype, means: string, values?: readonly unknown[]) => [
      ...controlTensor(of(datatype, means, [-1, 1], values && { values }), rows, true).data,
    ]
    assert.deepEqual(told('INT32', 'start', [-5, 5]), [5, -5, -5])
    assert.deepEqual(told('FP32', 'end', [0.5, 2]), [0.5, 0.5, 2])
    assert.deepEqual(told('BOOL', 'ready', [false, true]), [1, 0, 1])
    assert.deepEqual(told('INT64', 'ready'), [1n, 0n, 1n])
    assert.deepEqual(told('FP16', 'ready'), [0x3c00, 0, 0x3c00])
  })

  it('the id, of 64 bits as they are, and nothing in an empty row', () => {
    const id = 2n ** 63n + 5n
    const told = (datatype: Datatype, id: bigint | string) => [
      ...controlTensor(of(datatype, 'id'), [undefined, place(id, true, false)], true).data,
    ]
    assert.deepEqual(told('UINT64', id), [0n, id])
    assert.deepEqual(told('INT64', id), [0n, id - 2n ** 64n])
    assert.deepEqual(told('UINT32', 2n ** 32n - 1n), [0, 2 ** 32 - 1])
    assert.deepEqual(told('BYTES', 'añb').map(String), ['', 'añb'])
  })

  it('in the shape that the model takes', () => {
    const shapeOf = (shape: Shape, batched: boolean) => {
      const signature = {
        inputs: [spec('x', 'FP32', ...(batched ? [-1, 3] : [3])), { ...spec('k', 'INT32'), shape }],
        outputs: [spec('y', 'FP32', ...(batched ? [-1, 3] : [3]))],
      } as Signature
      const { controls } = plan(signature, { controls: [{ input: 'k', means: 'ready' }] })
      return controlTensor(controls[0]!, batched ? rows : [rows[0]], batched).shape
    }
    assert.deepEqual(shapeOf([-1], true), [3])
    assert.deepEqual(shapeOf([-1, 1, 1], true), [3, 1, 1])
    assert.deepEqual(shapeOf([1], false), [1])
    assert.deepEqual(shapeOf([], false), [])
  })
})
