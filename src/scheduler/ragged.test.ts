import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ServingError } from '../errors.ts'
import type { InferenceRequest } from '../predictor.ts'
import type { FixedTensor, NamedTensor, Shape } from '../tensor/index.ts'
import { type DerivedInput, joinRagged, raggedSpec, splitRagged } from './ragged.ts'

const floats = (shape: Shape, first = 1): FixedTensor => {
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Float32Array.from({ length: count }, (_, at) => first + at)
  return { datatype: 'FP32', shape, data }
}

const requestOf = (inputs: Readonly<Record<string, FixedTensor>>): InferenceRequest => ({
  inputs: Object.entries(inputs).map(([name, tensor]) => ({ name, tensor })),
})

const told = (tensors: readonly NamedTensor[]) =>
  tensors.map(({ name, tensor }) => [name, tensor.datatype, tensor.shape, [...tensor.data]])

/** The three requests of Triton's page on ragged batching. */
const three = [
  requestOf({ INPUT: floats([1, 3], 10) }),
  requestOf({ INPUT: floats([1, 4], 20) }),
  requestOf({ INPUT: floats([1, 5], 30) }),
]

const derivedFrom = (kind: DerivedInput['kind'], datatype: 'INT32' | 'FP32' = 'INT32') =>
  raggedSpec(
    {
      inputs: ['INPUT'],
      derived: [{ input: 'INDEX', kind, from: 'INPUT', datatype }],
      scattered: [],
    },
    ['INDEX'],
    () => [],
  )

describe('requests of different shapes', () => {
  it('are laid one after the other, with the place where each ends', () => {
    const spec = raggedSpec(
      {
        inputs: ['INPUT'],
        derived: [
          { input: 'INDEX', kind: 'accumulatedElementCount', from: 'INPUT', datatype: 'FP32' },
        ],
        scattered: [],
      },
      ['INPUT', 'INDEX'],
      () => [],
    )
    assert.deepEqual(told(joinRagged(three, spec)), [
      ['INPUT', 'FP32', [12], [10, 11, 12, 20, 21, 22, 23, 30, 31, 32, 33, 34]],
      ['INDEX', 'FP32', [3], [3, 7, 12]],
    ])
    assert.deepEqual(told(joinRagged(three.slice(1, 2), spec)), [
      ['INPUT', 'FP32', [4], [20, 21, 22, 23]],
      ['INDEX', 'FP32', [1], [4]],
    ])
  })

  it('keep the rows of inputs that are alike, in the order in which the model takes them', () => {
    const spec = raggedSpec({ inputs: ['b'], derived: [], scattered: [] }, ['a', 'b'], () => [])
    const requests = [
      requestOf({ b: floats([1, 2], 5), a: floats([1, 2], 1) }),
      requestOf({ b: floats([2, 1], 8), a: floats([2, 2], 3) }),
    ]
    assert.deepEqual(told(joinRagged(requests, spec)), [
      ['a', 'FP32', [3, 2], [1, 2, 3, 4, 5, 6]],
      ['b', 'FP32', [4], [5, 6, 8, 9]],
    ])
  })

  it('may be of strings', () => {
    const spec = raggedSpec({ inputs: ['s'], derived: [], scattered: [] }, ['s'], () => [])
    const words = (...all: string[]): InferenceRequest => ({
      inputs: [
        {
          name: 's',
          tensor: {
            datatype: 'BYTES',
            shape: [1, all.length],
            data: all.map((w) => Buffer.from(w)),
          },
        },
      ],
    })
    const [joined] = joinRagged([words('a', 'b'), words('c')], spec)
    assert.deepEqual(joined!.tensor.shape, [3])
    assert.deepEqual([...joined!.tensor.data].map(String), ['a', 'b', 'c'])
  })
})

describe('an input that is made from the requests', () => {
  const shapes: readonly Shape[] = [
    [2, 3, 1],
    [1, 4, 5],
  ]
  const requests = shapes.map((shape) => requestOf({ INPUT: floats(shape) }))
  const cases: readonly (readonly [DerivedInput['kind'], Shape, readonly number[]])[] = [
    ['elementCount', [2], [6, 20]],
    ['accumulatedElementCount', [2], [6, 26]],
    ['accumulatedElementCountWithZero', [3], [0, 6, 26]],
    ['maxElementCountAsShape', [20], Array(20).fill(0)],
    ['itemShape', [3, 2], [3, 1, 3, 1, 4, 5]],
    ['itemShapeFlatten', [6], [3, 1, 3, 1, 4, 5]],
  ]
  for (const [kind, shape, values] of cases) {
    for (const datatype of ['INT32', 'FP32'] as const) {
      it(`holds ${kind} as ${datatype}`, () => {
        const joined = joinRagged(requests, derivedFrom(kind, datatype))
        assert.deepEqual(told(joined), [['INDEX', datatype, shape, values]])
      })
    }
  }
})

describe('the outputs of a run', () => {
  const spec = raggedSpec(
    { inputs: ['x'], derived: [], scattered: [{ output: 'y', like: 'x' }] },
    ['x'],
    () => [-1, -1, 2],
  )
  const requests = [
    requestOf({ x: floats([2, 3]) }),
    requestOf({ x: floats([1, 1]) }),
    requestOf({ x: floats([1, 0]) }),
  ]

  it('are split by the shapes of an input, or by rows', () => {
    const outputs = [
      { name: 'y', tensor: floats([14], 100) },
      { name: 'z', tensor: floats([4, 1], 50) },
    ]
    assert.deepEqual(splitRagged(outputs, requests, spec).map(told), [
      [
        ['y', 'FP32', [2, 3, 2], [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111]],
        ['z', 'FP32', [2, 1], [50, 51]],
      ],
      [
        ['y', 'FP32', [1, 1, 2], [112, 113]],
        ['z', 'FP32', [1, 1], [52]],
      ],
      [
        ['y', 'FP32', [1, 0, 2], []],
        ['z', 'FP32', [1, 1], [53]],
      ],
    ])
  })

  for (const output of [
    { name: 'y', tensor: floats([13]) },
    { name: 'z', tensor: floats([5, 1]) },
    { name: 'z', tensor: floats([]) },
  ]) {
    it(`are refused where they are not what the requests ask for: ${output.name} ${output.tensor.shape}`, () => {
      assert.throws(
        () => splitRagged([output], requests, spec),
        (thrown) => thrown instanceof ServingError && thrown.reason === 'RUN_FAILED',
      )
    })
  }

  it('are views of the memory of the run', () => {
    const { buffer } = Float32Array.from({ length: 14 })
    const tensor: FixedTensor = { datatype: 'FP32', shape: [14], data: new Float32Array(buffer) }
    for (const [{ tensor: piece }] of splitRagged([{ name: 'y', tensor }], requests, spec) as [
      NamedTensor,
    ][]) {
      assert.equal((piece as FixedTensor).data.buffer, buffer)
    }
  })
})

it('what is laid together is each request again when it is split by the same input', () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 5 }))
  const spec = raggedSpec(
    { inputs: ['x'], derived: [], scattered: [{ output: 'y', like: 'x' }] },
    ['x'],
    () => [-1, -1],
  )
  fc.assert(
    fc.property(fc.array(shape, { minLength: 1, maxLength: 12 }), (shapes) => {
      const requests = shapes.map((one, place) => requestOf({ x: floats(one, place * 100) }))
      const [joined] = joinRagged(requests, spec)
      const split = splitRagged([{ name: 'y', tensor: joined!.tensor }], requests, spec)
      split.forEach(([output], place) => {
        assert.deepEqual(output!.tensor, requests[place]!.inputs[0]!.tensor)
      })
    }),
    { seed: 11, numRuns: 200 },
  )
})
