import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import { noEvents } from '../events.ts'
import type { InferenceResponse } from '../predictor.ts'
import type { RunRequest } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import { rowJoiner } from './joiner.ts'
import { LoopTurn } from './loop-turn.ts'
import { schedulingRules } from './rules.ts'
import { TurnRuns } from './turn-runs.ts'
import { WaitingLine } from './waiting-line.ts'

/** Rows of any width. */
const signature: Signature = {
  inputs: [{ name: 'x', datatype: 'INT32', shape: [-1, -1] }],
  outputs: [{ name: 'x', datatype: 'INT32', shape: [-1, -1] }],
}

const turns = fc.array(
  fc.record({ rows: fc.integer({ min: 1, max: 5 }), width: fc.integer({ min: 1, max: 3 }) }),
  { minLength: 1, maxLength: 40 },
)

for (const inOrder of [false, true]) {
  const kept = inOrder ? ', in their order' : ''
  test(`requests of one turn share runs with their like${kept}, and each gets its own rows`, () => {
    fc.assert(
      fc.property(turns, fc.integer({ min: 1, max: 12 }), (asked, most) => {
        const { turn, end, runs, left } = setUp(most, inOrder)
        const answers = asked.map((shape, index) => ask(turn, index, shape))
        end()
        assert.deepEqual(left, [])
        for (const [index, { rows, width }] of asked.entries()) {
          assert.equal(answers[index]!.length, 1)
          assert.deepEqual(Array.from(answers[index]![0]!), new Array(rows * width).fill(index))
        }
        const order = runs.flatMap(({ members }) => members)
        for (const { members, rows } of runs) {
          assert.ok(rows <= most || members.length === 1, `${rows} rows`)
          assert.equal(new Set(members.map((member) => asked[member]!.width)).size, 1)
          assert.deepEqual(
            members,
            members.toSorted((a, b) => a - b),
          )
        }
        if (inOrder) assert.deepEqual(order, [...asked.keys()])
      }),
      { seed: 11, numRuns: 300 },
    )
  })
}

function setUp(maxBatchSize: number, preserveOrdering: boolean) {
  const batching = `batching: {maxBatchSize: ${maxBatchSize}, preserveOrdering: ${preserveOrdering}}`
  const rules = schedulingRules(parseModelConfig(batching, 'model.yaml'), {
    maxWaiting: 100,
    maxWaitingBytes: 2 ** 20,
  })
  const line = new WaitingLine({
    ...{ model: 'm', version: '1', rules, events: noEvents },
    onGone: () => {},
  })
  for (const width of [1, 2, 3]) line.seed(`x:${width}`, [{ rows: 1, ms: 0.01 }])
  const clock = new HandClock()
  const due: (() => void)[] = []
  const loop = new LoopTurn({ now: () => 0, atTurnEnd: (callback) => void due.push(callback) })
  const runs: { readonly members: readonly number[]; readonly rows: number }[] = []
  const left: unknown[] = []
  const turn = new TurnRuns({
    ...{ loop, rules, line, clock },
    runNow: ({ inputs }: RunRequest) => {
      const { data, shape } = inputs[0]!.tensor
      runs.push({ members: [...new Set(Array.from(data, Number))], rows: shape[0]! })
      return { outputs: inputs, inputMs: 0, runMs: 0.01, outputMs: 0 }
    },
    delivery: {
      joiner: rowJoiner(signature),
      outputNames: ['x'],
      checkOutputs: () => {},
      answer: (member, outputs) => member.resolve({ outputs } as InferenceResponse),
    },
    onLeft: (request) => void left.push(request),
    onEmpty: () => {},
  })
  turn.join()
  const end = () => {
    for (const callback of due.splice(0)) callback()
  }
  return { turn, end, runs, left }
}

/** Rows of nothing but its own number. What it is answered, each time. */
function ask(turn: TurnRuns, index: number, { rows, width }: { rows: number; width: number }) {
  const answers: ArrayLike<unknown>[] = []
  const data = new Int32Array(rows * width).fill(index)
  const request = {
    inputs: [{ name: 'x', tensor: { datatype: 'INT32', shape: [rows, width], data } as const }],
  }
  const taken = turn.take(
    request,
    new Call({ requestId: `${index}` }),
    0,
    ({ outputs }) => void answers.push(outputs[0]!.tensor.data),
    (why) => assert.fail(why),
  )
  assert.ok(taken)
  return answers
}
