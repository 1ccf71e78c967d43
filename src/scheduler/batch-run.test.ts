import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import type { InferenceResponse } from '../predictor.ts'
import type { RunRequest } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import type { FixedTensor } from '../tensor/index.ts'
import { type Ran, runBatch } from './batch-run.ts'
import { rowJoiner } from './joiner.ts'
import { Waiting } from './waiting.ts'

const width = 40_000
const signature: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, width] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, width] }],
}

describe('a run of several large requests', () => {
  it('gives the memory in which they were laid together back once it has ended', async () => {
    const { seen, answers } = await run(2, ({ data }) => data.slice())
    assert.equal(dataOf(seen).buffer.detached, true)
    assert.deepEqual(
      answers.map(({ outputs }) => outputs[0]!.tensor.data[0]),
      [0, 1],
    )
  })

  it('keeps it where the answers lie in it', async () => {
    const { seen, answers } = await run(2, ({ data }) => data)
    assert.equal(dataOf(seen).buffer.detached, false)
    assert.equal(answers[1]!.outputs[0]!.tensor.data[0], 1)
  })

  it('is told of with the time it took to lay them together', async () => {
    const { ran } = await run(2, ({ data }) => data.slice())
    assert.deepEqual([ran[0]!.rows, ran[0]!.joinMs], [2, 3])
  })
})

describe('a run of one request', () => {
  it('reads it where it lies, and leaves it there', async () => {
    const { seen, ran } = await run(1, ({ data }) => data.slice())
    assert.equal(dataOf(seen).buffer.detached, false)
    assert.equal(ran[0]!.joinMs, 0)
  })
})

const dataOf = ({ inputs }: RunRequest) =>
  (inputs[0]!.tensor as FixedTensor).data as Float32Array<ArrayBuffer>

/** Laying requests together takes 3 ms. */
async function run(count: number, outputOf: (input: FixedTensor) => FixedTensor['data']) {
  const clock = new HandClock()
  const joiner = rowJoiner(signature)
  const ran: Ran[] = []
  const answers: InferenceResponse[] = []
  let seen: RunRequest | undefined
  const members = Array.from({ length: count }, (_, index) => waiting(index, answers))
  await runBatch(members, 'idle', {
    joiner: {
      ...joiner,
      join: (requests) => {
        clock.advance(3)
        return joiner.join(requests)
      },
    },
    outputNames: ['y'],
    checkOutputs: () => {},
    onRun: (_, one) => void ran.push(one),
    answer: (member, outputs) => member.resolve({ outputs } as InferenceResponse),
    now: () => clock.now(),
    ended: () => {},
    run: async (request) => {
      seen = request
      const input = request.inputs[0]!.tensor as FixedTensor
      const tensor = { ...input, data: outputOf(input) }
      return { outputs: [{ name: 'y', tensor }], inputMs: 0, runMs: 1, outputMs: 0 }
    },
  })
  return { seen: seen!, ran, answers }
}

function waiting(index: number, answers: InferenceResponse[]): Waiting {
  const data = new Float32Array(width).fill(index)
  const tensor = { datatype: 'FP32', shape: [1, width], data } as const
  const facts = {
    ...{ rows: 1, bytes: data.byteLength, shape: '', uneven: false, level: 1 },
    ...{ arrived: 0, answerBy: Infinity, beginBy: Infinity, delayable: false },
  }
  return new Waiting(
    { inputs: [{ name: 'x', tensor }] },
    new Call({ requestId: `${index}` }),
    facts,
    (response) => void answers.push(response),
    (why) => assert.fail(why),
  )
}
