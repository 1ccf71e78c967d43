import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Call } from '../call.ts'
import type { InferenceRequest, Predictor } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import { type Padding, padded, resized, sizeFor } from './padded.ts'

const axes = ['batch', 'length']
const signature: Signature = {
  inputs: [
    { name: 'ids', datatype: 'INT64', shape: [-1, -1], axes },
    { name: 'mask', datatype: 'INT32', shape: [-1, -1], axes },
  ],
  outputs: [
    { name: 'states', datatype: 'INT32', shape: [-1, -1, 2], axes: [...axes, undefined] },
    { name: 'sum', datatype: 'INT32', shape: [-1], axes: ['batch'] },
  ],
}

const both = (sizes: readonly number[], value = 0): Readonly<Record<string, Padding>> => ({
  ids: { axis: 1, sizes, value: 9 },
  mask: { axis: 1, sizes, value },
})

/** `states` is ids and mask side by side, `sum` what of a row is not masked. */
function model() {
  const seen: InferenceRequest[] = []
  const inner: Predictor = {
    signature,
    async predict(request) {
      seen.push(request)
      const [ids, mask] = request.inputs.map(({ tensor }) =>
        Array.from(tensor.data as never, Number),
      )
      const [rows, length] = request.inputs[0]!.tensor.shape as [number, number]
      const states = Int32Array.from({ length: rows * length * 2 }, (_, at) =>
        at % 2 === 0 ? ids![at >> 1]! : mask![at >> 1]!,
      )
      const sums = Int32Array.from({ length: rows }, (_, row) => {
        const places = Array.from({ length }, (__, place) => row * length + place)
        return places.reduce((sum, at) => sum + ids![at]! * mask![at]!, 0)
      })
      return {
        model: 'm',
        version: '1',
        outputs: [
          { name: 'states', tensor: { datatype: 'INT32', shape: [rows, length, 2], data: states } },
          { name: 'sum', tensor: { datatype: 'INT32', shape: [rows], data: sums } },
        ],
        timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
      }
    },
    async *stream() {},
  }
  return { inner, seen }
}

const ids = (rows: readonly (readonly number[])[]): readonly NamedTensor[] => {
  const shape = [rows.length, rows[0]!.length]
  const flat = rows.flat()
  return [
    { name: 'ids', tensor: { datatype: 'INT64', shape, data: BigInt64Array.from(flat, BigInt) } },
    {
      name: 'mask',
      tensor: { datatype: 'INT32', shape, data: Int32Array.from(flat, () => 1) },
    },
  ]
}

const call = new Call({ requestId: 'r' })

describe('inputs that are filled up', () => {
  it('reach the model in the next larger size, with the value asked for', async () => {
    const { inner, seen } = model()
    await padded(inner, both([4, 8])).predict(
      {
        inputs: ids([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      },
      call,
    )
    const [given, mask] = seen[0]!.inputs
    assert.deepEqual(given!.tensor.shape, [2, 4])
    assert.deepEqual(Array.from(given!.tensor.data as never, Number), [1, 2, 3, 9, 4, 5, 6, 9])
    assert.deepEqual(Array.from(mask!.tensor.data as never, Number), [1, 1, 1, 0, 1, 1, 1, 0])
  })

  it('come back cut to what the request had, where an output has their axis', async () => {
    const { inner } = model()
    const { outputs } = await padded(inner, both([4, 8])).predict(
      { inputs: ids([[1, 2, 3]]) },
      call,
    )
    assert.deepEqual(outputs[0]!.tensor.shape, [1, 3, 2])
    assert.deepEqual(Array.from(outputs[0]!.tensor.data as never), [1, 1, 2, 1, 3, 1])
    assert.deepEqual(Array.from(outputs[1]!.tensor.data as never), [6])
  })

  it('are left as they are where they fit, or are larger than all sizes', async () => {
    const { inner, seen } = model()
    const predictor = padded(inner, both([2, 4]))
    for (const length of [2, 4, 5]) {
      await predictor.predict({ inputs: ids([Array.from({ length }, (_, at) => at)]) }, call)
    }
    assert.deepEqual(
      seen.map(({ inputs }) => inputs[0]!.tensor.shape[1]),
      [2, 4, 5],
    )
  })

  it('give what they give unfilled, to a model that minds its mask', async () => {
    const lengths = fc.integer({ min: 1, max: 12 })
    const property = fc.asyncProperty(
      lengths,
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 4 }),
      async (length, rows, sizes) => {
        const { inner } = model()
        const values = Array.from({ length: rows }, (_, row) =>
          Array.from({ length }, (__, place) => 100 * row + place),
        )
        const request = { inputs: ids(values) }
        const apart = await inner.predict(request, call)
        const filled = await padded(inner, both(sizes)).predict(request, call)
        assert.deepEqual(filled.outputs, apart.outputs)
      },
    )
    await fc.assert(property, { seed: 2, numRuns: 200 })
  })

  it('are the same predictor where nothing is asked for', () => {
    const { inner } = model()
    assert.equal(padded(inner, {}), inner)
  })
})

describe('padding that is not the model’s', () => {
  const problem = (paddings: Readonly<Record<string, Padding>>) => {
    let message = ''
    assert.throws(
      () => padded(model().inner, paddings),
      (thrown: Error) => {
        message = thrown.message
        return true
      },
    )
    return message
  }

  it('is refused by name', () => {
    const one = { axis: 1, sizes: [4], value: 0 }
    assert.match(problem({ idz: one }), /no input "idz", but "ids", "mask"/)
    assert.match(problem({ ids: { ...one, axis: 2 } }), /axis 2 of "ids" is not of any size/)
    assert.match(problem({ ids: one }), /"mask" has axis "length" too/)
    assert.match(problem({ ids: one, mask: { ...one, sizes: [8] } }), /filled up alike/)
  })
})

describe('a tensor of another size', () => {
  it('keeps what it has, of strings too', () => {
    const data = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text))
    const { shape, data: filled } = resized({ datatype: 'BYTES', shape: [2, 2], data }, 1, 3, 0)
    assert.deepEqual(shape, [2, 3])
    assert.deepEqual((filled as readonly Uint8Array[]).map(String), ['a', 'b', '0', 'c', 'd', '0'])
  })

  it('has the least size that is not smaller', () => {
    assert.deepEqual(
      [1, 4, 5, 8, 9].map((size) => sizeFor(size, [8, 4])),
      [4, 4, 8, 8, 9],
    )
  })
})
