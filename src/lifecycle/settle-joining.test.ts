import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { checked } from '../checked.ts'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import { fail } from '../errors.ts'
import type { InferenceRequest, Predictor } from '../predictor.ts'
import type { Executable } from '../runtime/index.ts'
import type { CostPoint, Executors } from '../scheduler/index.ts'
import type { Signature } from '../signature.ts'
import type { Learned, LearnedFacts } from '../state/index.ts'
import type { OpenVersion } from './open-version.ts'
import { synthesize } from './sample.ts'
import { settleJoining } from './settle-joining.ts'

const takesRows: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1], axes: ['batch'] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1], axes: ['batch'] }],
}

interface SetUp {
  readonly digest?: string
  readonly learned?: Learned
  readonly signature?: Signature
  readonly yaml?: string
  /** What an answer is made of, before which it may wait. */
  readonly answer?: (
    rows: readonly number[],
    call: Call,
  ) => readonly number[] | Promise<readonly number[]>
}

function setUp({
  signature = takesRows,
  yaml = '{}',
  answer = (rows) => rows,
  digest = 'd1',
  learned: memory,
}: SetUp) {
  const clock = new HandClock()
  const asked: (readonly number[])[] = []
  const told: string[] = []
  let learned: readonly CostPoint[] | undefined
  const inner: Predictor = {
    signature,
    async predict({ inputs }, call) {
      if (call.ended !== undefined) throw call.ended
      const rows = Array.from(inputs[0]!.tensor.data as Float32Array)
      asked.push(rows)
      const data = Float32Array.from(await answer(rows, call))
      const tensor = { datatype: 'FP32', shape: [data.length], data } as const
      const timing = { queueMs: 0, inputMs: 0, runMs: rows.length, outputMs: 0 }
      return { model: 'm', version: '1', outputs: [{ name: 'y', tensor }], timing }
    },
    stream: () => {
      throw new Error('nobody streams')
    },
  }
  const executors = {
    joining: { joined: false, limits: [] as const },
    joinable() {
      this.joining = { ...this.joining, joined: true }
      told.push('joined')
    },
    apart(why: string) {
      this.joining = { ...this.joining, joined: false }
      told.push(why)
    },
    costs: [] as Executors['costs'],
    learned(costs: readonly CostPoint[], like: InferenceRequest) {
      assert.ok(like.inputs.length > 0)
      learned = costs
      this.costs = [{ shape: '', points: costs }]
    },
    recall(costs: Executors['costs']) {
      this.costs = costs
    },
  }
  const version = {
    served: { name: 'm', version: '1', digest, provider: 'cpu', signature },
    trial: checked('m', inner),
    executors: executors as unknown as Executors,
    executable: {} as Executable,
  } as OpenVersion
  const call = new Call({ requestId: 'warm-up' })
  const settle = (samples: readonly InferenceRequest[] = []) =>
    settleJoining(version, {
      config: parseModelConfig(yaml, 'model.yaml'),
      samples,
      synthesized: synthesize(signature),
      learned: memory,
      clock,
      call,
    })
  return { settle, asked, told, clock, call, executors, learned: () => learned }
}

describe('whether requests share runs', () => {
  it('is shown by rows that get the same answers together, in two orders', async () => {
    const { settle, asked, told, learned } = setUp({})
    await settle()
    assert.equal(told.at(-1), 'joined')
    const [alone, together] = [asked.slice(0, 5).flat(), asked.slice(6, 9)]
    assert.equal(new Set(alone).size, 5)
    assert.deepEqual(asked[5], [alone[0]], 'the same again')
    assert.deepEqual(together, [alone.slice(0, 2), alone.slice(2), alone.toReversed()])
    assert.deepEqual(
      learned(),
      [1, 2].map((rows) => ({ rows, ms: rows })),
    )
  })

  it('is tried with no more rows than a request may have', async () => {
    const { settle, asked, told } = setUp({ signature: { ...takesRows, maxBatchSize: 2 } })
    await settle()
    assert.equal(told.at(-1), 'joined')
    assert.equal(Math.max(...asked.map(({ length }) => length)), 2)
  })

  it('is tried with rows that were given, where there are several', async () => {
    const { settle, asked } = setUp({})
    const data = Float32Array.of(40, 50, 60)
    await settle([{ inputs: [{ name: 'x', tensor: { datatype: 'FP32', shape: [3], data } }] }])
    assert.deepEqual(asked.slice(0, 5).flat(), [40, 50, 60, 40, 50])
  })

  it('is tried with rows further apart where the first ones are answered alike', async () => {
    const { settle, asked, told } = setUp({ answer: (rows) => rows.map((x) => (x > 900 ? 1 : 0)) })
    await settle()
    assert.equal(told.at(-1), 'joined')
    assert.ok(asked.flat().some((value) => value > 900))
  })

  it('is not shown where rows come out in another order, or are too few, and says which row', async () => {
    const turned = setUp({ answer: (rows) => rows.toReversed() })
    await turned.settle()
    assert.match(turned.told.at(-1)!, /differ from those apart: output "y", row 1, \S+ against 1$/)
    assert.deepEqual(turned.learned(), [{ rows: 1, ms: 1 }])
    const lost = setUp({ answer: (rows) => rows.slice(0, 4) })
    await lost.settle()
    assert.match(lost.told.at(-1)!, /output "y" has shape \[4\] for 5 rows/)
  })

  it('is not shown where a request has no row, or two, for its own', async () => {
    for (const answer of [() => [], () => [1, 2]]) {
      const { settle, told } = setUp({ answer })
      await settle()
      assert.equal(told.at(-1), 'output "y" has another number of rows than a request')
    }
  })

  it('is not shown where the model fails, which is told', async () => {
    const answer = (rows: readonly number[]) => {
      if (rows.length > 2) throw fail('RUN_FAILED', {}, 'out of memory')
      return rows
    }
    const { settle, told, learned } = setUp({ answer })
    await settle()
    assert.match(told.at(-1)!, /^its rows could not be tried together: /)
    assert.deepEqual(learned(), [{ rows: 1, ms: 1 }])
  })

  it('is given up where it takes too long, and the version serves all the same', async () => {
    let runs = 0
    const never = (_rows: readonly number[], call: Call) =>
      new Promise<readonly number[]>((_, reject) => {
        runs += 1
        call.onEnd(reject)
      })
    const { settle, told, clock, learned } = setUp({ answer: never })
    const settled = settle()
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(5000)
    await settled
    assert.equal(told.at(-1), 'its rows could not be tried together: it took too long')
    assert.equal(runs, 1)
    assert.deepEqual(learned(), [])
  })

  it('does not matter any more once the version is given up', async () => {
    const { settle, call, asked } = setUp({
      answer: (rows) => {
        call.cancel()
        return rows
      },
    })
    await assert.rejects(settle(), { reason: 'CANCELLED' })
    assert.equal(asked.length, 1)
  })

  it('is as the operator says, and runs are measured all the same', async () => {
    const declared = setUp({
      yaml: 'batching: {maxBatchSize: 4}',
      answer: (rows) => rows.toReversed(),
    })
    await declared.settle()
    assert.deepEqual(declared.told, ['joined'])
    assert.ok(declared.asked.every(({ length }) => length <= 4))
    assert.deepEqual(
      declared.learned(),
      [1, 2].map((rows) => ({ rows, ms: rows })),
    )
    const off = setUp({ yaml: 'batching: off' })
    await off.settle()
    assert.deepEqual(off.told, ['batching is off in its configuration'])
    assert.deepEqual(off.learned(), [{ rows: 1, ms: 1 }])
  })

  it('is not tried where nothing may be asked', async () => {
    for (const [options, why] of [
      [{ yaml: 'warmUp: {runs: 0}' }, /not warmed up/],
      [{ signature: { ...takesRows, streams: true } }, /any number of answers/],
    ] as const) {
      const { settle, told, asked } = setUp(options)
      await settle()
      assert.match(told.join(), why)
      assert.deepEqual(asked, [])
    }
  })
})

describe('what was found out', () => {
  /** What is kept in memory as long as a test runs. */
  function remembering() {
    const facts = new Map<string, LearnedFacts>()
    const learned = {
      recall: async (about: readonly string[]) => facts.get(about.join()),
      keep: (about: readonly string[], current: () => LearnedFacts) => async () =>
        void facts.set(about.join(), current()),
    } as unknown as Learned
    return { facts, learned }
  }

  for (const [name, answer, why] of [
    ['that rows may be joined', (rows: readonly number[]) => rows, 'joined'],
    [
      'why they must not',
      (rows: readonly number[]) => rows.toReversed(),
      /differ from those apart/,
    ],
  ] as const) {
    it(`holds the next time: ${name}`, async () => {
      const { learned } = remembering()
      const first = setUp({ answer, learned })
      const stopKeeping = await first.settle()
      await stopKeeping()
      const second = setUp({ answer, learned })
      await second.settle()
      assert.deepEqual(second.asked, [], 'nothing is asked')
      assert.match(second.told.at(-1)!, typeof why === 'string' ? /^joined$/ : why)
      assert.deepEqual(second.executors.costs, first.executors.costs)
    })
  }

  it('does not hold for other files, another configuration or other samples', async () => {
    const { learned } = remembering()
    const data = Float32Array.of(40, 50)
    const samples = [
      { inputs: [{ name: 'x', tensor: { datatype: 'FP32', shape: [2], data } as const }] },
    ]
    await (await setUp({ learned }).settle())()
    for (const [options, given] of [
      [{ digest: 'd2' }, []],
      [{ yaml: 'batching: {maxBatchMs: 50}' }, []],
      [{}, samples],
    ] as const) {
      const { settle, asked } = setUp({ learned, ...options })
      await settle(given)
      assert.ok(asked.length > 0)
    }
  })

  it('is tried again where it could not be tried', async () => {
    const { learned, facts } = remembering()
    const broken = setUp({
      learned,
      answer: (rows) => {
        if (rows.length > 2) throw fail('RUN_FAILED', {}, 'out of memory')
        return rows
      },
    })
    await (await broken.settle())()
    assert.equal([...facts.values()][0]?.apart, undefined)
    const mended = setUp({ learned })
    await mended.settle()
    assert.equal(mended.told.at(-1), 'joined')
    assert.ok(mended.asked.length > 0)
  })

  it('says nothing of what the operator decides', async () => {
    const { learned, facts } = remembering()
    const { settle, executors } = setUp({ learned, yaml: 'batching: {maxBatchSize: 4}' })
    await (await settle())()
    assert.deepEqual([...facts.values()], [{ of: 'm 1', shapes: executors.costs }])
  })
})
