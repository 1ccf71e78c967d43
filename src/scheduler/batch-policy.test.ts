import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BatchRules, type Candidate, type Costs, formBatch as form } from './batch-policy.ts'

const eager: BatchRules = {
  maxRows: 8,
  preferred: [],
  maxDelayMs: 0,
  maxRunMs: Infinity,
  inOrder: false,
}

/** A run takes `fixed + perRow * rows` ms, and more than `limit` rows are not worth while. */
function costs({ fixed = 1, perRow = 1, limit = 64 } = {}): Costs {
  return {
    predict: (rows) => fixed + perRow * rows,
    best: (available) => Math.max(1, Math.min(available, limit)),
    limit,
  }
}

const formBatch = (all: readonly Candidate[], rules: BatchRules, known: Costs, now: number) =>
  form(all, rules, () => known, { now, startsIn: 0 })

const waits = (rows: number, more: Partial<Candidate> = {}): Candidate => ({
  rows,
  shape: '',
  uneven: false,
  arrived: 0,
  answerBy: Infinity,
  beginBy: Infinity,
  ...more,
})

describe('a batch', () => {
  it('is all that waits, where nothing else is asked for', () => {
    const decision = formBatch([waits(1), waits(2), waits(1)], eager, costs(), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0, 1, 2], rows: 4, left: 'idle' })
  })

  it('has no more rows than it may, nor than are worth while', () => {
    const ten = Array.from({ length: 10 }, () => waits(1))
    const full = formBatch(ten, eager, costs(), 0)
    assert.deepEqual(full, { kind: 'run', take: [0, 1, 2, 3, 4, 5, 6, 7], rows: 8, left: 'full' })
    const learned = formBatch(ten, eager, costs({ limit: 3 }), 0)
    assert.deepEqual(learned, { kind: 'run', take: [0, 1, 2], rows: 3, left: 'full' })
  })

  it('takes a request that is larger than what is worth while, alone', () => {
    const decision = formBatch([waits(6), waits(1)], eager, costs({ limit: 4 }), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0], rows: 6, left: 'full' })
  })

  it('does not let a small request overtake a large one that does not fit', () => {
    const decision = formBatch([waits(5), waits(4), waits(1)], eager, costs(), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0], rows: 5, left: 'full' })
  })

  it('is of one shape, that of the first, and takes those of it from behind others', () => {
    const waiting = [waits(1), waits(1, { shape: 'b' }), waits(1)]
    const decision = formBatch(waiting, eager, costs(), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0, 2], rows: 2, left: 'idle' })
    const inOrder = formBatch(waiting, { ...eager, inOrder: true }, costs(), 0)
    assert.deepEqual(inOrder, { kind: 'run', take: [0], rows: 1, left: 'idle' })
  })

  it('stops growing before it takes longer than a run may', () => {
    const waiting = [waits(2), waits(2), waits(2)]
    const decision = formBatch(waiting, { ...eager, maxRunMs: 5 }, costs(), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0, 1], rows: 4, left: 'full' })
  })

  it('stops growing earlier where it begins later', () => {
    const waiting = [waits(1, { answerBy: 104 }), waits(1)]
    const decision = form(waiting, eager, () => costs(), { now: 100, startsIn: 2 })
    assert.deepEqual(decision, { kind: 'run', take: [0], rows: 1, left: 'deadline' })
  })

  it('stops growing where one of it would be answered too late', () => {
    const waiting = [waits(1, { answerBy: 104 }), waits(1), waits(1)]
    const decision = formBatch(waiting, eager, costs(), 100.5)
    assert.deepEqual(decision, { kind: 'run', take: [0, 1], rows: 2, left: 'deadline' })
  })
})

describe('a batch that may wait for company', () => {
  const patient = { ...eager, maxDelayMs: 10 }

  it('waits until the oldest has waited long enough', () => {
    const waiting = [waits(1, { arrived: 5 }), waits(1, { arrived: 9 })]
    assert.deepEqual(formBatch(waiting, patient, costs(), 9), { kind: 'wait', until: 15 })
    assert.deepEqual(formBatch(waiting, patient, costs(), 15), {
      kind: 'run',
      take: [0, 1],
      rows: 2,
      left: 'delay',
    })
  })

  it('does not wait where more rows would not make a better run', () => {
    const decision = formBatch([waits(2)], patient, costs({ limit: 2 }), 0)
    assert.deepEqual(decision, { kind: 'run', take: [0], rows: 2, left: 'full' })
    const fullest = formBatch([waits(8)], patient, costs(), 0)
    assert.deepEqual(fullest, { kind: 'run', take: [0], rows: 8, left: 'full' })
  })

  it('leaves at the largest preferred number of rows that is there, until the delay is over', () => {
    const rules = { ...patient, preferred: [2, 4] }
    const five = Array.from({ length: 5 }, () => waits(1))
    assert.deepEqual(formBatch(five, rules, costs(), 0), {
      kind: 'run',
      take: [0, 1, 2, 3],
      rows: 4,
      left: 'preferred',
    })
    assert.deepEqual(formBatch([waits(1)], rules, costs(), 0), { kind: 'wait', until: 10 })
    const late = formBatch(five, rules, costs(), 10)
    assert.deepEqual(late, { kind: 'run', take: [0, 1, 2, 3, 4], rows: 5, left: 'delay' })
  })

  it('leaves when the oldest has waited, also where an urgent one is served before it', () => {
    const waiting = [waits(1, { arrived: 9 }), waits(1, { arrived: 5 })]
    assert.deepEqual(formBatch(waiting, patient, costs(), 9), { kind: 'wait', until: 15 })
  })

  it('is passed by one of another shape that has waited long enough', () => {
    const waiting = [waits(1, { arrived: 9, shape: 'b' }), waits(1, { arrived: 5 })]
    assert.deepEqual(formBatch(waiting, patient, costs(), 15), {
      kind: 'run',
      take: [1],
      rows: 1,
      left: 'delay',
    })
    const inOrder = formBatch(waiting, { ...patient, inOrder: true }, costs(), 15)
    assert.deepEqual(inOrder, { kind: 'wait', until: 19 })
  })

  it('leaves in time for each to be begun and answered', () => {
    const begin = formBatch([waits(1, { beginBy: 6 })], patient, costs(), 0)
    assert.deepEqual(begin, { kind: 'wait', until: 5 })
    const answer = formBatch([waits(1, { answerBy: 9 })], patient, costs(), 0)
    assert.deepEqual(answer, { kind: 'wait', until: 6 }) // a run of 2 ms, and a timer that is late
    assert.equal(formBatch([waits(1, { answerBy: 2.5 })], patient, costs(), 0).kind, 'run')
  })
})

describe('any batch', () => {
  const candidate = fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    shape: fc.constantFrom('a', 'b'),
    uneven: fc.constantFrom(false, false, false, true),
    arrived: fc.integer({ min: 0, max: 100 }),
    answerBy: fc.oneof(fc.constant(Infinity), fc.integer({ min: 90, max: 200 })),
    beginBy: fc.oneof(fc.constant(Infinity), fc.integer({ min: 90, max: 200 })),
  })
  const rules = fc.record({
    maxRows: fc.integer({ min: 9, max: 20 }),
    preferred: fc
      .uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 3 })
      .map((sizes) => [...sizes].sort((a, b) => a - b)),
    maxDelayMs: fc.constantFrom(0, 0, 5, 50),
    maxRunMs: fc.constantFrom(Infinity, 4),
    inOrder: fc.boolean(),
  })
  const waiting = fc
    .array(candidate, { minLength: 1, maxLength: 30 })
    .map((all) => [...all].sort((a, b) => a.arrived - b.arrived))

  it('keeps to its limits, begins with the first, and never waits longer than it may', () => {
    fc.assert(
      fc.property(waiting, rules, fc.integer({ min: 1, max: 30 }), (all, given, limit) => {
        const now = 100
        const known = costs({ limit })
        const decision = formBatch(all, given, known, now)
        if (decision.kind === 'wait') {
          assert.ok(given.maxDelayMs > 0, 'nothing waits where no delay is asked for')
          assert.ok(decision.until > now)
          assert.ok(decision.until <= all[0]!.arrived + given.maxDelayMs)
          return
        }
        const taken = decision.take.map((place) => all[place]!)
        const { shape: its } = taken[0]!
        if (given.maxDelayMs === 0 || given.inOrder) assert.equal(its, all[0]!.shape)
        assert.deepEqual(
          decision.take,
          [...new Set(decision.take)].sort((a, b) => a - b),
        )
        assert.ok(taken.every(({ shape }) => shape === its))
        const rows = taken.reduce((sum, one) => sum + one.rows, 0)
        assert.equal(decision.rows, rows)
        if (taken.length > 1) {
          assert.ok(rows <= given.maxRows)
          assert.ok(known.predict(rows)! <= given.maxRunMs)
          const soonest = Math.min(...taken.map(({ answerBy }) => answerBy))
          assert.ok(now + known.predict(rows)! <= soonest)
        }
        // of its shape none is overtaken
        const even = (one: Candidate) => one.shape === its && !one.uneven
        if (taken.some(({ uneven }) => uneven)) {
          assert.equal(taken.length, 1)
          return
        }
        const alike = all.flatMap((one, place) => (even(one) ? [place] : []))
        assert.deepEqual(decision.take, alike.slice(0, taken.length))
      }),
      { seed: 5, numRuns: 2000 },
    )
  })
})
