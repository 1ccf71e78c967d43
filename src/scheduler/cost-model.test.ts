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

/** Runs as many rows as the model says, of those that wait; and what a row took without the noise. */
function teach(model: CostModel, cost: Cost, lesson: Lesson = {}): number {
  const { runs = 800, noise = (ms) => ms, waiting = () => most } = lesson
  let [ms, rows] = [0, 0]
  for (let run = 0; run < runs; run++) {
    const taken = model.best(waiting())
    model.record(taken, noise(cost(taken)))
    ms += cost(taken)
    rows += taken
  }
  return ms / rows
}

/** By what share longer a row takes at the size that was learned than at the best one. */
function loss(model: CostModel, cost: Cost): number {
  const rows = Math.min(most, model.limit)
  return cost(rows) / rows / leastFor(cost) - 1
}

/** What a row takes at the best size. */
function leastFor(cost: Cost): number {
  const perRow = Array.from({ length: most }, (_, index) => cost(index + 1) / (index + 1))
  return Math.min(...perRow)
}

const most = 64

const shapes: Readonly<Record<string, Cost>> = {
  '0.9 + 0.1 b': (rows) => 0.9 + 0.1 * rows,
  '0.5 + 0.5 b': (rows) => 0.5 + 0.5 * rows,
  '0.2 + 0.8 b': (rows) => 0.2 + 0.8 * rows,
  'the same for any number of rows': () => 7,
  'the same for each row': (rows) => 3 * rows,
  'much more for each row beyond six': (rows) => 0.5 + 0.5 * rows + 1.5 * Math.max(0, rows - 6),
  'more for each row beyond thirteen': (rows) => 0.2 + 0.2 * rows + 0.6 * Math.max(0, rows - 13),
  'nothing for each row but beyond seven': (rows) => (rows <= 7 ? 1 : rows),
  'more for each row from the second on': (rows) => rows ** 1.2,
}

describe('the number of rows of a run', () => {
  for (const [name, cost] of Object.entries(shapes)) {
    it(`is learned where a run takes ${name}`, () => {
      const model = new CostModel()
      teach(model, cost)
      assert.ok(loss(model, cost) <= 0.05, `limit ${model.limit}`)
      assert.ok(teach(model, cost) <= 1.05 * leastFor(cost), 'trials cost little')
      assert.ok(loss(model, cost) <= 0.05, `then ${model.limit}`)
    })

    it(`is learned in spite of noise where a run takes ${name}`, () => {
      const seeds = [1, 2, 3, 4, 5, 6, 7, 8]
      const losses = seeds.map((seed) => {
        const random = randomly(seed)
        const noise = (ms: number) => ms * (0.7 + 0.6 * random()) * (random() < 0.05 ? 5 : 1)
        const waiting = () => 1 + Math.floor(random() * 90)
        const model = new CostModel()
        teach(model, cost, { runs: 3000, noise, waiting })
        return teach(model, cost, { runs: 5000, noise }) / leastFor(cost) - 1
      })
      const mean = losses.reduce((sum, each) => sum + each, 0) / seeds.length
      assert.ok(mean <= 0.05, `${losses}`)
      assert.ok(Math.max(...losses) <= 0.08, `${losses}`)
    })
  }

  it('is found within a few runs', () => {
    const model = new CostModel()
    teach(model, shapes['0.9 + 0.1 b']!, { runs: 24 })
    assert.ok(model.limit >= 64)
  })

  it('is one where a second row costs as much as the first', () => {
    const model = new CostModel()
    teach(model, (rows) => 4 * rows)
    assert.equal(model.limit, 1)
  })

  it('is no larger than what makes a row cheaper: of sizes that are alike, the smaller', () => {
    const model = new CostModel([{ rows: 8, ms: 80 }])
    teach(model, (rows) => 10 * rows, { runs: 3000 })
    assert.equal(model.limit, 1)
  })

  it('is known at once from what was known before', () => {
    const cost = shapes['much more for each row beyond six']!
    const before = new CostModel()
    teach(before, cost)
    const after = new CostModel(before.points())
    assert.equal(after.limit, 6)
    assert.equal(after.best(most), 6, 'and what was found to be worse is not tried at once')
    assert.deepEqual(after.points(), before.points())
  })

  it('follows a cost that changes', () => {
    const model = new CostModel()
    teach(model, shapes['the same for each row']!)
    teach(model, shapes['0.9 + 0.1 b']!, { runs: 3000 })
    assert.ok(loss(model, shapes['0.9 + 0.1 b']!) <= 0.05, `limit ${model.limit}`)
    teach(model, shapes['more for each row from the second on']!, { runs: 3000 })
    assert.ok(model.limit <= 2, `limit ${model.limit}`)
  })

  for (const lasts of [7, 40, 600]) {
    it(`stays where everything is three times slower for each other ${lasts} runs`, () => {
      const cost = shapes['much more for each row beyond six']!
      const model = new CostModel()
      teach(model, cost)
      let run = 0
      const noise = (ms: number) => {
        run += 1
        return ms * (Math.floor(run / lasts) % 2 === 0 ? 1 : 3)
      }
      let elsewhere = 0
      for (let time = 0; time < 6000; time++) {
        teach(model, cost, { runs: 1, noise })
        if (model.limit !== 6) elsewhere += 1
      }
      assert.ok(elsewhere <= 60, `${elsewhere}`)
    })
  }

  it('is tried again after a bad moment', () => {
    const cost = shapes['0.9 + 0.1 b']!
    const model = new CostModel()
    teach(model, cost, { runs: 12 })
    teach(model, (rows) => cost(rows) * 20, { runs: 3 })
    teach(model, cost, { runs: 2000 })
    assert.ok(loss(model, cost) <= 0.05, `limit ${model.limit}`)
  })

  it('is learned from requests of several rows, which never come out as what was asked for', () => {
    const cost = shapes['0.5 + 0.5 b']!
    for (const size of [3, 5, 7]) {
      const model = new CostModel()
      const sizes: number[] = []
      for (let run = 0; run < 1000; run++) {
        const rows = Math.max(1, Math.floor(model.best(most) / size)) * size
        sizes.push(rows)
        model.record(rows, cost(rows))
      }
      const lately = sizes.slice(-100).reduce((sum, rows) => sum + rows, 0) / 100
      assert.ok(cost(lately) / lately <= 1.1 * leastFor(cost), `${size}: ${lately}`)
    }
  })

  it('takes what waits where that is little, and does not wait for trials that never come', () => {
    const model = new CostModel()
    const sizes: number[] = []
    for (let run = 0; run < 400; run++) {
      sizes.push(model.best(3))
      model.record(sizes.at(-1)!, 1)
    }
    assert.ok(sizes.slice(-50).every((rows) => rows >= 2))
    assert.ok(sizes.slice(-50).filter((rows) => rows === 3).length > 40)
  })
})

describe('what a run will take', () => {
  it('is unknown before there was one', () => {
    assert.equal(new CostModel().predict(3), undefined)
    assert.equal(new CostModel().spreadMs, 0)
  })

  it('is what those of its size have taken, whatever one of them did', () => {
    const model = new CostModel()
    for (const ms of [10, 11, 500, 9, 10]) model.record(4, ms)
    assert.equal(model.predict(4), 10)
  })

  it('follows the last runs of its size', () => {
    const model = new CostModel([{ rows: 4, ms: 10 }])
    for (let run = 0; run < 100; run++) model.record(4, 10)
    for (let run = 0; run < 10; run++) model.record(4, 30)
    assert.equal(model.predict(4), 30)
  })

  it('is no less for more rows, whatever a few runs have taken', () => {
    const model = new CostModel()
    for (let rows = 20; rows < 70; rows++) model.record(rows, 100 - rows)
    assert.equal(model.predict(1000), 56)
  })

  it('lies between those of other sizes, and goes on beyond them', () => {
    const model = new CostModel([
      { rows: 1, ms: 3 },
      { rows: 9, ms: 11 },
    ])
    assert.equal(model.predict(5), 7)
    assert.equal(model.predict(19), 21)
  })

  it('is in proportion to the rows where only one size is known', () => {
    const model = new CostModel()
    model.record(2, 6)
    assert.equal(model.predict(8), 24)
    assert.equal(model.predict(1), 3)
  })

  it('follows a line that a few wild runs do not turn', () => {
    const model = new CostModel()
    for (let rows = 20; rows < 70; rows++) model.record(rows, rows % 15 === 0 ? 900 : 4 + 2 * rows)
    assert.ok(Math.abs(model.predict(200)! - 404) < 20, `${model.predict(200)}`)
  })

  it('is never less than nothing', () => {
    const model = new CostModel()
    for (let rows = 20; rows < 70; rows++) model.record(rows, (rows - 19) ** 2)
    assert.equal(model.predict(1), 0)
  })

  it('is exceeded by no more than the spread by 19 of 20', () => {
    const model = new CostModel([{ rows: 4, ms: 10 }])
    for (let run = 1; run <= 100; run++) model.record(4, run % 10 === 0 ? 14 : 10)
    assert.equal(model.spreadMs, 4)
    for (let run = 0; run < 100; run++) model.record(4, 9)
    assert.equal(model.spreadMs, 0)
  })

  it('is not told by times that are none', () => {
    const model = new CostModel()
    for (const ms of [Number.NaN, -1, Infinity]) model.record(1, ms)
    model.record(0, 5)
    assert.equal(model.predict(1), undefined)
  })
})

describe('any lesson', () => {
  const runs = fc.array(
    fc.record({
      rows: fc.integer({ min: 1, max: 5000 }),
      ms: fc.double({ min: 0, max: 1e4, noNaN: true }),
      available: fc.integer({ min: 1, max: 6000 }),
    }),
    { maxLength: 200 },
  )

  it('leads to between one row and all that wait, to times that are finite, and to the same again', () => {
    fc.assert(
      fc.property(runs, (all) => {
        const [model, twin] = [new CostModel(), new CostModel()]
        for (const { rows, ms, available } of all) {
          const best = model.best(available)
          assert.ok(Number.isInteger(best) && best >= 1 && best <= available)
          assert.equal(twin.best(available), best)
          model.record(rows, ms)
          twin.record(rows, ms)
          const predicted = model.predict(available)
          assert.ok(predicted !== undefined && Number.isFinite(predicted) && predicted >= 0)
        }
        assert.ok(Number.isInteger(model.limit) && model.limit >= 1)
      }),
      { seed: 3, numRuns: 300 },
    )
  })

  it('is kept in little room, however many sizes there are', () => {
    const model = new CostModel()
    for (let run = 0; run < 3; run++) {
      for (let rows = 1; rows < 100_000; rows += 1 + (rows >> 6)) model.record(rows, rows)
    }
    const points = model.points()
    assert.ok(points.length <= 130, `${points.length}`)
    assert.deepEqual(
      points,
      [...points].sort((a, b) => a.rows - b.rows),
    )
  })
})
