import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CostModel } from './cost-model.ts'

/** Numbers between 0 and 1 that are the same each time. */
function randomly(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

type Cost = (rows: number) => number

interface Lesson {
  readonly runs?: number
  readonly noise?: (ms: number) => number
  readonly waiting?: () => number
}

/** Runs as many rows as the model says, of those that wait. */
function teach(model: CostModel, cost: Cost, lesson: Lesson = {}): void {
  const { runs = 400, noise = (ms) => ms, waiting = () => 64 } = lesson
  for (let run = 0; run < runs; run++) {
    const rows = model.best(waiting())
    model.record(rows, noise(cost(rows)))
  }
}

/** How much longer a row takes at the size that was learned than at the best one. */
function loss(model: CostModel, cost: Cost, most = 64): number {
  const perRow = (rows: number) => cost(rows) / rows
  const sizes = Array.from({ length: most }, (_, index) => index + 1)
  const best = Math.min(...sizes.map(perRow))
  return perRow(Math.min(most, model.limit)) / best - 1
}

const shapes: Readonly<Record<string, Cost>> = {
  '0.9 + 0.1 b': (rows) => 0.9 + 0.1 * rows,
  '0.5 + 0.5 b': (rows) => 0.5 + 0.5 * rows,
  '0.2 + 0.8 b': (rows) => 0.2 + 0.8 * rows,
  'the same for each row': (rows) => 3 * rows,
  'more for each row beyond eight': (rows) => 1 + rows + 0.4 * Math.max(0, rows - 8) ** 1.5,
  'more for each row from the second on': (rows) => rows ** 1.2,
}

describe('the number of rows of a run', () => {
  for (const [name, cost] of Object.entries(shapes)) {
    it(`is learned where a run takes ${name}`, () => {
      const model = new CostModel()
      teach(model, cost)
      assert.ok(loss(model, cost) <= 0.07, `limit ${model.limit}`)
    })

    it(`is learned in spite of noise where a run takes ${name}`, () => {
      for (const seed of [1, 2, 3, 4, 5]) {
        const random = randomly(seed)
        const noise = (ms: number) => ms * (0.85 + 0.3 * random()) * (random() < 0.05 ? 5 : 1)
        const waiting = () => 1 + Math.floor(random() * 90)
        const model = new CostModel()
        teach(model, cost, { runs: 3000, noise, waiting })
        assert.ok(loss(model, cost) <= 0.1, `limit ${model.limit}, seed ${seed}`)
      }
    })
  }

  it('is found within a few runs', () => {
    const model = new CostModel()
    teach(model, shapes['0.9 + 0.1 b']!, { runs: 20 })
    assert.ok(model.limit >= 64)
  })

  it('is one where a second row costs as much as the first', () => {
    const model = new CostModel()
    teach(model, (rows) => 4 * rows)
    assert.equal(model.limit, 1)
  })

  it('is known at once from what was known before', () => {
    const before = new CostModel()
    teach(before, shapes['more for each row beyond eight']!)
    const after = new CostModel(before.points())
    assert.equal(after.limit, before.limit)
    assert.equal(after.predict(8), before.predict(8))
  })

  it('follows a cost that changes', () => {
    const model = new CostModel()
    teach(model, shapes['the same for each row']!)
    teach(model, shapes['0.9 + 0.1 b']!, { runs: 3000 })
    assert.ok(loss(model, shapes['0.9 + 0.1 b']!) <= 0.05, `limit ${model.limit}`)
    teach(model, shapes['more for each row from the second on']!, { runs: 3000 })
    assert.ok(model.limit <= 2, `limit ${model.limit}`)
  })

  it('is tried again after a bad moment', () => {
    const cost = shapes['0.9 + 0.1 b']!
    const model = new CostModel()
    teach(model, cost, { runs: 12 })
    teach(model, (rows) => cost(rows) * 20, { runs: 3 })
    teach(model, cost, { runs: 2000 })
    assert.ok(loss(model, cost) <= 0.05, `limit ${model.limit}`)
  })
})

describe('what a run will take', () => {
  it('is unknown before there was one', () => {
    assert.equal(new CostModel().predict(3), undefined)
  })

  it('is what those of its size have taken, whatever one of them did', () => {
    const model = new CostModel()
    for (const ms of [10, 11, 500, 9, 10]) model.record(4, ms)
    assert.equal(model.predict(4), 10)
  })

  it('lies between those of other sizes, and goes on beyond them', () => {
    const model = new CostModel([
      { rows: 1, ms: 3 },
      { rows: 9, ms: 11 },
    ])
    assert.equal(model.predict(5), 7)
    assert.equal(model.predict(19), 21)
  })

  it('grows with the rows where only one size is known', () => {
    const model = new CostModel([{ rows: 2, ms: 6 }])
    assert.equal(model.predict(8), 24)
    assert.equal(model.predict(1), 6)
  })
})

describe('any lesson', () => {
  const runs = fc.array(
    fc.record({
      rows: fc.integer({ min: 1, max: 5000 }),
      ms: fc.double({ min: 0.001, max: 1e4, noNaN: true }),
    }),
    { maxLength: 200 },
  )

  it('leads to between one row and all that wait, and to times that are finite', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 6000 }), (all, available) => {
        const model = new CostModel()
        for (const { rows, ms } of all) model.record(rows, ms)
        for (let time = 0; time < 70; time++) {
          const best = model.best(available)
          assert.ok(Number.isInteger(best) && best >= 1 && best <= available)
        }
        const predicted = model.predict(available)
        if (predicted !== undefined) assert.ok(Number.isFinite(predicted) && predicted >= 0)
      }),
      { seed: 3, numRuns: 300 },
    )
  })
})
