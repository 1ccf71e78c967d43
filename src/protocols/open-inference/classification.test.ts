import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InferenceResponse } from '../../predictor.ts'
import type { Signature } from '../../signature.ts'
import type { Datatype, Tensor } from '../../tensor/index.ts'
import { classified } from './classification.ts'

describe('an output as a ranking', () => {
  it('has of each row the largest elements, each with its value, place and label', () => {
    const scores = tensor('FP32', [2, 3], Float32Array.of(0.25, 0.5, 0.25, 3, -1, 7))
    assert.deepEqual(rankingOf(scores, 2, { labels: ['daisy', 'rose', 'tulip'] }), {
      shape: [2, 2],
      texts: ['0.500000:1:rose', '0.250000:0:daisy', '7.000000:2:tulip', '3.000000:0:daisy'],
    })
  })

  it('has no more elements than there are, and no labels that are not there', () => {
    const scores = tensor('INT64', [1, 2], BigInt64Array.of(5n, 2n ** 60n))
    assert.deepEqual(rankingOf(scores, 9, { labels: ['one'] }), {
      shape: [1, 2],
      texts: ['1152921504606846976:1', '5:0:one'],
    })
  })

  it('of a model without rows ranks all elements together', () => {
    const scores = tensor('UINT8', [2, 2], Uint8Array.of(1, 4, 3, 2))
    const ranked = rankingOf(scores, 3, { axis: 2 })
    assert.deepEqual(ranked, { shape: [3], texts: ['4:1', '3:2', '2:3'] })
  })

  it('writes numbers as C++ does, and puts what is none last', () => {
    const numbers = Float64Array.of(NaN, -0, 1e21, -Infinity, 1e-9, Infinity)
    const { texts } = rankingOf(tensor('FP64', [1, 6], numbers), 6)
    assert.deepEqual(texts, [
      'inf:5',
      '1000000000000000000000.000000:2',
      '0.000000:4',
      '-0.000000:1',
      '-inf:3',
      'nan:0',
    ])
  })

  it('reads floats of sixteen bits', () => {
    const half = tensor('FP16', [1, 2], Uint16Array.of(0x3c00, 0x4000))
    assert.deepEqual(rankingOf(half, 1).texts, ['2.000000:1'])
    const brain = tensor('BF16', [1, 2], Uint16Array.of(0x3f80, 0xc000))
    assert.deepEqual(rankingOf(brain, 1).texts, ['1.000000:0'])
  })

  it('leaves other outputs and an answer of no rows as they are', () => {
    const empty = tensor('FP32', [0, 3], new Float32Array(0))
    assert.deepEqual(rankingOf(empty, 2), { shape: [0, 0], texts: [] })
    const response = answer(empty)
    assert.equal(classified(response, new Map(), signatureOf(-1)).outputs[0], response.outputs[0])
  })

  it('is refused for what is no number', () => {
    for (const wrong of [
      tensor('BOOL', [1, 1], Uint8Array.of(1)),
      { datatype: 'BYTES', shape: [1, 1], data: [Buffer.from('a')] } as const,
    ]) {
      assert.throws(() => rankingOf(wrong, 1), {
        reason: 'PARAMETER_INVALID',
        message:
          /"classification" must be of an output of .* numbers, got output "y" of (BOOL|BYTES)/,
      })
    }
  })
})

function rankingOf(
  scores: Tensor,
  count: number,
  { axis = -1, labels }: { axis?: number; labels?: readonly string[] } = {},
) {
  const { outputs } = classified(answer(scores), new Map([['y', count]]), signatureOf(axis, labels))
  const { shape, data } = outputs[0]!.tensor
  return {
    shape,
    texts: (data as readonly Uint8Array[]).map((text) => Buffer.from(text).toString()),
  }
}

const signatureOf = (axis: number, labels?: readonly string[]): Signature => ({
  inputs: [],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [axis, 3] }],
  task: { kind: 'classifier', scoreOutput: 'y', ...(labels && { labels }) },
})

const answer = (scores: Tensor): InferenceResponse => ({
  ...{ model: 'm', version: '1', outputs: [{ name: 'y', tensor: scores }] },
  timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
})

const tensor = (datatype: Datatype, shape: readonly number[], data: unknown) =>
  ({ datatype, shape, data }) as Tensor
