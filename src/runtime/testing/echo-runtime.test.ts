import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { Call } from '../../call.ts'
import { defaultModelConfig } from '../../config/index.ts'
import type { NamedTensor } from '../../tensor/index.ts'
import { describeRuntime } from '../contract.ts'
import { EchoRuntime } from './echo-runtime.ts'

const here = import.meta.filename
const signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2], axes: ['batch', undefined] },
    { name: 'tag', datatype: 'BYTES', shape: [-1, 1], axes: ['batch', undefined] },
  ],
} as const

describeRuntime('echo', {
  open: async () => new EchoRuntime(),
  models: () => ({
    rows: {
      name: 'echo',
      path: here,
      signature: { inputs: signature.inputs, outputs: signature.inputs },
      inputs: (rows, first) => [fp32(rows, first), tags(rows, first)],
      expected: (inputs) => inputs,
    },
    endless: { name: 'slow', path: here, inputs: [fp32(1, 1)] },
    refusing: { name: 'picky', path: here, inputs: [fp32(3, 1)], refused: [fp32(3, -5)] },
    stream: { name: 'countdown', path: here, inputs: [count(3)], values: [3, 2, 1, 0] },
    unreadable: [{ name: 'echo', path: `${here}.gone` }],
    unsupported: [{ name: 'chorus', path: here }],
  }),
  nothingLeft: ({ alive }) => assert.deepEqual(alive, { executables: 0, runs: 0, streams: 0 }),
})

describe('the echo runtime', () => {
  it('counts down no faster than it is asked, and not on once it is left', async () => {
    const runtime = new EchoRuntime()
    const source = {
      name: 'countdown',
      version: '1',
      folder: dirname(here),
      path: here,
      config: defaultModelConfig,
    }
    const { stream } = await runtime.load(source)
    const call = new Call({ requestId: 'r' })
    const answers = stream!({ inputs: [count(1000)], outputs: ['n'] }, call)[Symbol.asyncIterator]()
    const values = [await answers.next(), await answers.next()].map(
      ({ value }) => value.outputs[0].tensor.data[0],
    )
    assert.deepEqual(values, [1000, 999])
    assert.equal(runtime.alive.streams, 1)
    await answers.return?.()
    assert.equal(runtime.alive.streams, 0)
    assert.equal((await answers.next()).done, true)
  })
})

function fp32(rows: number, first: number): NamedTensor {
  const data = Float32Array.from({ length: rows * 2 }, (_, index) => first + index / 2)
  return { name: 'x', tensor: { datatype: 'FP32', shape: [rows, 2], data } }
}

function tags(rows: number, first: number): NamedTensor {
  const data = Array.from({ length: rows }, (_, index) => Buffer.from(`row\0${first + index}`))
  return { name: 'tag', tensor: { datatype: 'BYTES', shape: [rows, 1], data } }
}

const count = (from: number): NamedTensor => ({
  name: 'n',
  tensor: { datatype: 'INT32', shape: [1], data: Int32Array.of(from) },
})
