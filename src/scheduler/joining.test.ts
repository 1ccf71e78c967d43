import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseModelConfig } from '../config/index.ts'
import type { Signature, TensorSpec } from '../signature.ts'
import { type Joining, joiningOf } from './joining.ts'

const tensor = (name: string, shape: readonly number[], first?: string): TensorSpec => ({
  name,
  datatype: 'FP32',
  shape,
  ...(first !== undefined && { axes: shape.map((_, axis) => (axis === 0 ? first : undefined)) }),
})

const rows: Signature = {
  inputs: [tensor('x', [-1, 4], 'N')],
  outputs: [tensor('y', [-1, 2], 'unk__1')],
}

const joining = (signature: Signature, yaml = '{}'): Joining =>
  joiningOf(signature, parseModelConfig(yaml, 'model.yaml'))

const why = (signature: Signature, yaml?: string) => {
  const found = joining(signature, yaml)
  assert.ok(found.kind === 'off')
  return found.why
}

describe('whether requests share runs', () => {
  it('must be shown where every tensor has rows, whatever their axis is called in the outputs', () => {
    assert.deepEqual(joining(rows), { kind: 'to-be-shown' })
    assert.deepEqual(joining(rows, 'batching: auto'), { kind: 'to-be-shown' })
    assert.deepEqual(joining(rows, 'batching: {maxDelayMs: 2}'), { kind: 'to-be-shown' })
    const bounded = 'batching: {maxBatchSize: 8, assumeJoinable: false}'
    assert.deepEqual(joining(rows, bounded), { kind: 'to-be-shown' })
  })

  it('is known where the operator says how many rows, or says it outright', () => {
    assert.deepEqual(joining(rows, 'batching: {maxBatchSize: 8}'), { kind: 'declared' })
    assert.deepEqual(joining(rows, 'batching: {assumeJoinable: true}'), { kind: 'declared' })
  })

  it('is out of the question where rows are known to depend on each other, unless it is declared', () => {
    const { batching, sequences, warmUp } = parseModelConfig('{}', 'model.yaml')
    const config = { batching, sequences, warmUp }
    const found = joiningOf(rows, config, 'it says so')
    assert.deepEqual(found, { kind: 'off', why: 'it says so' })
    const declared = parseModelConfig('batching: {maxBatchSize: 8}', 'model.yaml')
    assert.deepEqual(joiningOf(rows, declared, 'it says so'), { kind: 'declared' })
  })

  it('is out of the question, and why', () => {
    assert.match(why(rows, 'batching: off'), /is off/)
    assert.match(why({ ...rows, streams: true }), /any number of answers/)
    assert.match(why({ ...rows, maxBatchSize: 1 }), /one row/)
    assert.match(why(rows, 'batching: {maxBatchSize: 1}'), /one row/)
    assert.match(why(rows, 'sequences: {}'), /sequences/)
    assert.match(why(rows, 'warmUp: {runs: 0}'), /not warmed up/)
    assert.match(why({ inputs: [], outputs: rows.outputs }), /no inputs/)
    assert.equal(why({ ...rows, inputs: [tensor('x', [1, 4])] }), 'input "x" has a first axis of 1')
    assert.equal(why({ ...rows, outputs: [tensor('y', [])] }), 'output "y" has no axes')
    const two = [tensor('a', [-1, 4], 'N'), tensor('b', [-1, 4], 'M')]
    assert.match(why({ ...rows, inputs: two }), /N, M/)
  })

  it('is out of the question for fixed rows whatever the operator says', () => {
    const fixed = { ...rows, inputs: [tensor('x', [1, 4])] }
    assert.match(why(fixed, 'batching: {maxBatchSize: 8}'), /first axis of 1/)
  })
})
