import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { layeredModelConfig } from '../config/index.ts'
import { noEvents } from '../events.ts'
import { type InferenceRequest, type Predictor, streamOfOne } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor, Tensor } from '../tensor/index.ts'
import { planSequences } from './plan.ts'
import { sequenced } from './sequenced.ts'
import { refusalOf } from './testing.ts'

type Answer = (request: InferenceRequest) => readonly NamedTensor[]

/** Sequences over a model that answers at once. */
function over(signature: Signature, told: Readonly<Record<string, unknown>>, answer: Answer) {
  const config = layeredModelConfig([{ name: 'model.yaml', value: { sequences: told } }])
  const sequences = config.sequences!
  const plan = planSequences({ model: 'm', signature, config: sequences, files: new Map() })
  const asked: InferenceRequest[] = []
  const timing = { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
  const inner: Predictor = {
    signature,
    async predict(request) {
      asked.push(request)
      return { model: 'm', version: '1', outputs: answer(request), timing }
    },
    stream: (request, call) => streamOfOne(inner, request, call),
  }
  const predictor = sequenced({
    model: 'm',
    version: '1',
    inner,
    signature: plan.visible,
    plan,
    config,
    sequences,
    queue: { maxWaiting: 64, maxWaitingBytes: 2 ** 20 },
    clock: new HandClock(),
    events: noEvents,
  })
  const ask = (id: bigint | string, start: boolean, ...inputs: readonly NamedTensor[]) => {
    const call = new Call({ requestId: 'r' })
    call.scheduling = { sequence: { id, start, end: false } }
    return predictor.predict({ inputs }, call)
  }
  return { ask, asked }
}

const fp32 = (name: string, shape: readonly number[], ...data: readonly number[]): NamedTensor => ({
  name,
  tensor: { datatype: 'FP32', shape, data: Float32Array.from(data) },
})
const strings = (name: string, shape: readonly number[], ...data: readonly string[]) =>
  ({
    name,
    tensor: { datatype: 'BYTES', shape, data: data.map((one) => Buffer.from(one)) },
  }) as const

const named = (tensors: readonly NamedTensor[], name: string): Tensor =>
  tensors.find((one) => one.name === name)!.tensor

describe('a run', () => {
  it('has rows of one shape, and states as they have grown', async () => {
    const grows: Signature = {
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, -1] },
        { name: 'h', datatype: 'FP32', shape: [-1, -1] },
      ],
      outputs: [
        { name: 'n', datatype: 'FP32', shape: [-1, 1] },
        { name: 'h2', datatype: 'FP32', shape: [-1, -1] },
      ],
    }
    // the state is what was before it and the new values
    const { ask, asked } = over(
      grows,
      { maxBatchSize: 4, state: [{ input: 'h', output: 'h2', initial: { shape: [0] } }] },
      ({ inputs }) => {
        const x = named(inputs, 'x')
        const h = named(inputs, 'h')
        const [rows, wide] = [x.shape[0]!, x.shape[1]!]
        const long = h.shape[1]!
        const row = (tensor: Tensor, at: number, width: number) =>
          Array.from(tensor.data as Float32Array).slice(at * width, (at + 1) * width)
        const all = Array.from({ length: rows }, (_, at) => [
          ...row(h, at, long),
          ...row(x, at, wide),
        ])
        return [
          fp32('n', [rows, 1], ...all.map(({ length }) => length)),
          fp32('h2', [rows, long + wide], ...all.flat()),
        ]
      },
    )
    const lengths = await Promise.all(
      [
        ask(1n, true, fp32('x', [1, 2], 1, 2)),
        ask(2n, true, fp32('x', [1, 1], 3)),
        ask(3n, true, fp32('x', [1, 2], 4, 5)),
        ask(2n, false, fp32('x', [1, 1], 6)),
        ask(3n, false, fp32('x', [1, 1], 7)),
        ask(2n, false, fp32('x', [1, 3], 8, 9, 10)),
      ].map(async (answer) => (await answer).outputs[0]!.tensor.data[0]),
    )
    assert.deepEqual(lengths, [2, 1, 2, 2, 3, 5])
    const states = asked.map(({ inputs }) => named(inputs, 'h'))
    assert.deepEqual(Array.from(states.at(-1)!.data as Float32Array).slice(-2), [3, 6])
  })

  it('of a model without an axis of rows is that of one request', async () => {
    const single: Signature = {
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [2] },
        { name: 'START', datatype: 'INT32', shape: [1] },
        { name: 'h', datatype: 'BYTES', shape: [1] },
      ],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2] },
        { name: 'h2', datatype: 'BYTES', shape: [1] },
      ],
    }
    const { ask, asked } = over(
      single,
      {
        strategy: 'oldest',
        maxSequences: 2,
        controls: [{ input: 'START', means: 'start' }],
        state: [{ input: 'h', output: 'h2' }],
      },
      ({ inputs }) => {
        const h = named(inputs, 'h').data[0] as Uint8Array
        return [{ name: 'y', tensor: named(inputs, 'x') }, strings('h2', [1], `${Buffer.from(h)}.`)]
      },
    )
    await Promise.all([ask('a', true, fp32('x', [2], 1, 2)), ask('b', true, fp32('x', [2], 3, 4))])
    const answer = await ask('a', false, fp32('x', [2], 5, 6))
    assert.deepEqual(answer.outputs, [fp32('y', [2], 5, 6)])
    assert.deepEqual(
      asked.map(({ inputs }) => inputs.map(({ tensor }) => tensor.shape)),
      [1, 2, 3].map(() => [[2], [1], [1]]),
    )
    assert.deepEqual(
      asked.map(({ inputs }) => Buffer.from(named(inputs, 'h').data[0] as Uint8Array).toString()),
      ['', '', '.'],
    )
  })

  const tiny: Signature = {
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [-1, 1] },
      { name: 'h', datatype: 'FP32', shape: [-1, 2] },
    ],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1, 1] },
      { name: 'h2', datatype: 'FP32', shape: [-1, 2] },
    ],
  }
  const state = [{ input: 'h', output: 'h2' }]

  it('leaves states of their own memory to its rows', async () => {
    const given: Float32Array[] = []
    const { ask, asked } = over(tiny, { state }, ({ inputs }) => {
      const rows = named(inputs, 'x').shape[0]!
      const h2 = fp32('h2', [rows, 2], ...new Array<number>(2 * rows).fill(5))
      given.push(h2.tensor.data as Float32Array)
      return [fp32('y', [rows, 1], ...new Array<number>(rows).fill(0)), h2]
    })
    await Promise.all([1n, 2n, 3n].map((id) => ask(id, true, fp32('x', [1, 1], 1))))
    assert.deepEqual(
      given.map(({ length }) => length),
      [2, 6],
    )
    given[1]!.fill(9) // what is kept is no part of it
    await ask(2n, false, fp32('x', [1, 1], 1))
    const h = named(asked.at(-1)!.inputs, 'h')
    assert.deepEqual(Array.from(h.data as Float32Array), [0, 0, 5, 5])
  })

  const wrong: readonly (readonly [what: string, outputs: readonly NamedTensor[]])[] = [
    ['of other rows', [fp32('y', [2, 1], 1, 2), fp32('h2', [1, 2], 1, 2)]],
    ['without its state', [fp32('y', [1, 1], 1)]],
    ['with a state of another shape', [fp32('y', [1, 1], 1), fp32('h2', [1, 3], 1, 2, 3)]],
  ]
  for (const [what, outputs] of wrong) {
    it(`whose answer is ${what} has failed`, async () => {
      const { ask } = over(tiny, { state }, () => outputs)
      const why = await refusalOf(ask(1n, true, fp32('x', [1, 1], 1)))
      assert.equal(why.reason, 'RUN_FAILED')
      assert.ok(why.cause instanceof Error)
    })
  }
})
