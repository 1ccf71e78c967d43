import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Call } from './call.ts'
import type { InferenceRequest, InferenceResponse, Predictor } from './predictor.ts'
import { reshaped, type Views } from './reshaped.ts'
import type { Signature } from './signature.ts'
import type { NamedTensor, Shape } from './tensor/index.ts'

const call = new Call({ requestId: 'r' })
const timing = { queueMs: 1, inputMs: 2, runMs: 3, outputMs: 4 }

const signature: Signature = {
  inputs: [],
  outputs: [
    { name: 'y', datatype: 'INT32', shape: [-1, 2, -1] },
    { name: 'z', datatype: 'INT32', shape: [-1] },
  ],
}

const views: Views = {
  inputs: new Map([['x', { clients: [-1, 2, -1, 3], model: [-1, 6, -1] }]]),
  outputs: new Map([['y', { clients: [-1, 2, -1], model: [-1, -1, 2, 1] }]]),
}

function setUp(outputs: readonly NamedTensor[] = [], given = views) {
  const seen: InferenceRequest[] = []
  const answer: InferenceResponse = { model: 'm', version: '7', outputs, timing }
  const inner: Predictor = {
    signature: { inputs: [], outputs: [] },
    async predict(request) {
      seen.push(request)
      return answer
    },
    async *stream(request) {
      seen.push(request)
      yield answer
      yield answer
    },
  }
  return { seen, predictor: reshaped(inner, signature, given) }
}

describe('a reshaped predictor', () => {
  it('has the signature that clients see', () => {
    assert.equal(setUp().predictor.signature, signature)
  })

  it('reads inputs as the model takes them, and leaves their elements where they are', async () => {
    const { seen, predictor } = setUp()
    const x = int32('x', [5, 2, 7, 3])
    const other = int32('other', [2])
    await predictor.predict({ inputs: [x, other] }, call)
    const [given, same] = seen[0]!.inputs
    assert.deepEqual(given?.tensor.shape, [5, 6, 7])
    assert.equal(given?.tensor.data, x.tensor.data)
    assert.equal(same, other)
  })

  it('reads outputs as clients do, and passes on who answered and how long it took', async () => {
    const y = int32('y', [5, 3, 2, 1])
    const z = int32('z', [4])
    const { predictor } = setUp([y, z])
    const { outputs, ...rest } = await predictor.predict({ inputs: [] }, call)
    assert.deepEqual(outputs[0]?.tensor.shape, [5, 2, 3])
    assert.equal(outputs[0]?.tensor.data, y.tensor.data)
    assert.equal(outputs[1], z)
    assert.deepEqual(rest, { model: 'm', version: '7', timing })
  })

  it('asks for the outputs that clients see where none are named, else for those', async () => {
    const { seen, predictor } = setUp()
    await predictor.predict({ inputs: [] }, call)
    await predictor.predict({ inputs: [], outputs: ['z'] }, call)
    await predictor.predict({ inputs: [], outputs: [] }, call)
    assert.deepEqual(
      seen.map(({ outputs }) => outputs),
      [['y', 'z'], ['z'], []],
    )
  })

  it('reads every answer of a stream so', async () => {
    const { seen, predictor } = setUp([int32('y', [1, 1, 2, 1])])
    const answers = []
    for await (const { outputs } of predictor.stream(
      { inputs: [int32('x', [1, 2, 1, 3])] },
      call,
    )) {
      answers.push(outputs[0]?.tensor.shape)
    }
    assert.deepEqual(answers, [
      [1, 2, 1],
      [1, 2, 1],
    ])
    assert.deepEqual(seen[0]?.inputs[0]?.tensor.shape, [1, 6, 1])
  })

  it('leaves an output as it is that is not of the shape the model declares', async () => {
    const y = int32('y', [5, 3, 4, 1])
    const { predictor } = setUp([y])
    assert.equal((await predictor.predict({ inputs: [] }, call)).outputs[0], y)
  })

  it('reads a scalar where the model has one, and a tensor without rows', async () => {
    const scalar = { clients: [1], model: [] }
    const empty = { clients: [-1, 1], model: [-1] }
    const { seen, predictor } = setUp([], {
      inputs: new Map([
        ['x', scalar],
        ['e', empty],
      ]),
      outputs: new Map(),
    })
    await predictor.predict({ inputs: [int32('x', [1]), int32('e', [0, 1])] }, call)
    assert.deepEqual(
      seen[0]?.inputs.map(({ tensor }) => tensor.shape),
      [[], [0]],
    )
  })

  it('never changes the number of elements, and gives back what it was given', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(sizes, async (variable) => {
        const clients = variable.flatMap(() => [-1, 1])
        const model = variable.flatMap(() => [1, -1])
        const actual = variable.flatMap((size) => [size, 1])
        const view = new Map([['y', { clients, model }]])
        const { seen, predictor } = setUp(
          [
            int32(
              'y',
              variable.flatMap((size) => [1, size]),
            ),
          ],
          {
            inputs: view,
            outputs: view,
          },
        )
        const { outputs } = await predictor.predict({ inputs: [int32('y', actual)] }, call)
        assert.deepEqual(
          seen[0]?.inputs[0]?.tensor.shape,
          variable.flatMap((size) => [1, size]),
        )
        assert.deepEqual(outputs[0]?.tensor.shape, actual)
      }),
      { seed: 5, numRuns: 100 },
    )
  })
})

function int32(name: string, shape: Shape): NamedTensor {
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Int32Array.from({ length: count }, (_, place) => place)
  return { name, tensor: { datatype: 'INT32', shape, data } }
}
