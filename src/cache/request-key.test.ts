import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { InferenceRequest } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { binaryOf, type NamedTensor, type Tensor } from '../tensor/index.ts'
import { requestKeyOf } from './request-key.ts'

const signature: Signature = {
  inputs: [
    { name: 'a', datatype: 'FP32', shape: [-1] },
    { name: 'b', datatype: 'BYTES', shape: [-1] },
    { name: 'c', datatype: 'UINT8', shape: [-1, -1] },
  ],
  outputs: ['y', 'z', 'w'].map((name) => ({ name, datatype: 'FP32', shape: [-1] })),
}
const keyOf = requestKeyOf(signature)

const fp32 = (...values: number[]): Tensor => tensor('FP32', Float32Array.from(values))
const strings = (...texts: string[]): Tensor => ({
  datatype: 'BYTES',
  shape: [texts.length],
  data: texts.map((text) => Buffer.from(text)),
})
const bytes = (shape: readonly number[], data: Uint8Array): Tensor => ({
  datatype: 'UINT8',
  shape,
  data,
})
const of = (name: string, its: Tensor, outputs?: readonly string[]): InferenceRequest => ({
  inputs: [{ name, tensor: its }],
  ...(outputs && { outputs }),
})

describe('the key of a request', () => {
  const different: readonly (readonly [what: string, InferenceRequest, InferenceRequest])[] = [
    ['0 and -0', of('a', fp32(0)), of('a', fp32(-0))],
    ['one NaN and another', of('a', nan(0x7fc00000)), of('a', nan(0x7fc00001))],
    ['strings cut at another place', of('b', strings('ab', 'c')), of('b', strings('a', 'bc'))],
    ['an empty string more', of('b', strings('a')), of('b', strings('a', ''))],
    [
      'another shape of the same bytes',
      of('c', bytes([2, 3], new Uint8Array(6))),
      of('c', bytes([3, 2], new Uint8Array(6))),
    ],
    [
      'another datatype of the same bytes',
      of('a', fp32(1)),
      of('a', tensor('INT32', new Int32Array(Float32Array.of(1).buffer))),
    ],
    ['another input', of('a', fp32(1)), of('c', fp32(1))],
    [
      'an input that is left out',
      of('a', fp32(1)),
      { inputs: [...of('a', fp32(1)).inputs, b('')] },
    ],
    ['other outputs', of('a', fp32(1), ['y']), of('a', fp32(1), ['z'])],
    ['one output and all', of('a', fp32(1), ['y']), of('a', fp32(1))],
    ['no output and all', of('a', fp32(1), []), of('a', fp32(1))],
    ['a byte at the end of many', many(9), many(8)],
    [
      'what is large and the digest of it',
      many(1),
      { ...many(1), inputs: [{ name: 'c', tensor: bytes([1, 32], new Uint8Array(32)) }] },
    ],
  ]
  for (const [what, one, other] of different) {
    it(`is another for ${what}`, () => {
      assert.ok(keyOf(one))
      assert.notEqual(keyOf(one), keyOf(other))
    })
  }

  it('is the same in whatever order outputs are asked for, and for all of them by name', () => {
    const wanting = (...outputs: string[]) => keyOf(of('a', fp32(1), outputs))
    assert.equal(wanting('w', 'y'), wanting('y', 'w'))
    assert.equal(wanting('w', 'z', 'y'), keyOf(of('a', fp32(1))))
  })

  it('does not tell where in memory the data lie', () => {
    const whole = Float32Array.of(9, 1, 2, 9)
    const slice = tensor('FP32', whole.subarray(1, 3))
    assert.equal(keyOf(of('a', slice)), keyOf(of('a', fp32(1, 2))))
  })

  it('is short, however many strings there are', () => {
    const key = keyOf(of('b', strings(...Array.from({ length: 9999 }, (_, i) => `${i}`))))
    assert.ok(key!.length < 100)
  })

  it('is none for what the signature does not know', () => {
    assert.equal(keyOf(of('d', fp32(1))), undefined)
    assert.equal(keyOf(of('a', fp32(1), ['q'])), undefined)
    assert.equal(keyOf(of('a', fp32(1), ['y', 'y'])), undefined)
  })

  it('is the same for the same requests, and for no others', () => {
    fc.assert(
      fc.property(requests, requests, (one, other) => {
        assert.equal(keyOf(one) === keyOf(other), isDeepStrictEqual(plain(one), plain(other)))
        assert.equal(keyOf(one), keyOf(structuredClone(one)))
      }),
      { numRuns: 2_000 },
    )
  })
})

function tensor(datatype: 'FP32' | 'INT32', data: Float32Array | Int32Array): Tensor {
  return { datatype, shape: [data.length], data }
}

function nan(bits: number): Tensor {
  return tensor('FP32', new Float32Array(Uint32Array.of(bits).buffer))
}

function b(text: string): NamedTensor {
  return { name: 'b', tensor: strings(text) }
}

function many(last: number): InferenceRequest {
  const data = new Uint8Array(5000)
  data[4999] = last
  return of('c', bytes([50, 100], data))
}

// few values, so that requests are equal, or nearly so, often
const element = fc.constantFrom(0, -0, 1, 59, 61)
const someInputs = fc.tuple(
  fc.option(fc.array(element, { maxLength: 3 }).map((values) => fp32(...values))),
  fc.option(
    fc
      .array(fc.constantFrom('', 'a', 'b', 'ab', '=', ';1:'), { maxLength: 3 })
      .map((texts) => strings(...texts)),
  ),
  fc.option(
    fc
      .tuple(fc.constantFrom(1, 3, 600), fc.constantFrom(0, 1))
      .map(([length, value]) => bytes([1, length], new Uint8Array(length).fill(value))),
  ),
)
const requests: fc.Arbitrary<InferenceRequest> = fc
  .tuple(someInputs, fc.option(fc.subarray(['y', 'z', 'w'])))
  .map(([tensors, outputs]) => ({
    inputs: ['a', 'b', 'c'].flatMap((name, at) => {
      const its = tensors[at]
      return its === null || its === undefined ? [] : [{ name, tensor: its }]
    }),
    ...(outputs !== null && { outputs }),
  }))

/** What makes a request, as plain values. */
const plain = ({ inputs, outputs = ['y', 'z', 'w'] }: InferenceRequest) => ({
  inputs: inputs.map(({ name, tensor: { datatype, shape, data } }) => {
    const binary = Buffer.from(binaryOf({ datatype, shape, data } as Tensor)).toString('hex')
    return [name, datatype, shape, binary]
  }),
  outputs: [...outputs].sort(),
})
