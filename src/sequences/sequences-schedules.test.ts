/** Any schedule of sequences, with failures, clients that leave, time-outs and a drain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fail, ServingError } from '../errors.ts'
import { INITIAL, type Run, type SetUp, settled, setUp, sumOf } from './testing.ts'

type Step =
  | {
      readonly do: 'ask'
      readonly id: number
      readonly flags: '' | 's' | 'e' | 'se'
      readonly spoilt: boolean
      readonly within: number | undefined
      readonly begunWithin: number | undefined
    }
  | { readonly do: 'leave'; readonly which: number }
  | { readonly do: 'end'; readonly how: 'well' | 'badly'; readonly which: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'drain' }
  | { readonly do: 'endAll' }

const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      id: fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 5),
      flags: fc.constantFrom('', '', '', '', 's', 's', 'e', 'se'),
      spoilt: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      within: seldom(fc.integer({ min: 1, max: 60 })),
      begunWithin: seldom(fc.integer({ min: 1, max: 40 })),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      how: fc.constantFrom('well', 'well', 'well', 'well', 'badly'),
      which: fc.nat(9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(99) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 70 }) }),
  },
)
const last: fc.Arbitrary<readonly Step[]> = fc.constantFrom(
  [],
  [{ do: 'drain' }],
  [{ do: 'drain' }, { do: 'pass', ms: 30 }, { do: 'endAll' }],
)

const rules: fc.Arbitrary<NonNullable<SetUp['sequences']>> = fc.oneof(
  fc.record({
    strategy: fc.constant('direct'),
    maxBatchSize: fc.integer({ min: 1, max: 4 }),
    maxDelayMs: fc.constantFrom(0, 20),
    minimumUtilization: fc.constantFrom(0, 0.5, 1),
  }),
  fc.record({
    strategy: fc.constant('oldest'),
    maxBatchSize: fc.integer({ min: 1, max: 4 }),
    maxSequences: fc.integer({ min: 1, max: 6 }),
    maxDelayMs: fc.constantFrom(0, 20),
    preferred: fc.constantFrom([], [2], [1, 3]),
    preserveOrdering: fc.boolean(),
  }),
)

const IDLE_MS = 50

test('every sequence is answered by what was answered of it before, whatever happens', async () => {
  const { SLUICE_SEED: seed, SLUICE_SCHEDULES: schedules = 1000 } = process.env
  await fc.assert(
    fc.asyncProperty(
      rules,
      fc.integer({ min: 1, max: 2 }),
      fc.array(step, { maxLength: 120, size: 'max' }),
      last,
      async (sequences, executors, steps, ending) => {
        const world = new World({
          sequences: { ...sequences, idleTimeoutMs: IDLE_MS },
          config: { executors, queue: { maxWaiting: 6 } },
        })
        for (const one of [...steps, ...ending]) await world.take(one)
        await world.finish()
      },
    ),
    { numRuns: Number(schedules), ...(seed !== undefined && { seed: Number(seed) }) },
  )
})

interface Asked {
  readonly id: bigint
  readonly x: number
  readonly start: boolean
  readonly end: boolean
  readonly spoilt: boolean
  /** What starts a sequence, and all that follows it. */
  readonly epoch: Epoch
  readonly leave: () => void
  outcome: 'open' | number | ServingError
}

interface Epoch {
  /** The sum after the last answer; undefined before the first and after the end. */
  sum: number | undefined
  lastHeard: number
}

class World {
  readonly #set: ReturnType<typeof setUp>
  readonly #direct: boolean
  readonly #asked: Asked[] = []
  readonly #epochs = new Map<bigint, Epoch>()
  /** The row of each epoch, once it had one. */
  readonly #rows = new Map<Epoch, number>()
  readonly #wrong: unknown[] = []
  #seen = 0
  #next = 0
  #drained = false
  #draining = false

  constructor(options: SetUp) {
    this.#set = setUp(options)
    this.#direct = options.sequences?.strategy === 'direct'
  }

  async take(step: Step): Promise<void> {
    const { clock, sequences } = this.#set
    switch (step.do) {
      case 'ask':
        this.#ask(step)
        break
      case 'leave':
        this.#open()
          .at(step.which % Math.max(1, this.#open().length))
          ?.leave()
        break
      case 'end': {
        const open = this.#openRuns()
        const run = open[step.which % Math.max(1, open.length)]
        if (run !== undefined) this.#end(run, step.how)
        break
      }
      case 'pass':
        for (let ms = 0; ms < step.ms; ms++) {
          clock.advance(1)
          await settled()
        }
        break
      case 'drain':
        this.#draining = true
        void sequences.drain().then(() => {
          this.#drained = true
        })
        break
      case 'endAll':
        sequences.endAll(fail('MODEL_NOT_READY', { model: 'm', state: 'unloaded' }))
    }
    await settled()
    this.#look()
    this.#throwWrong()
  }

  /** Everything ends once runs do and time passes, and nothing is kept. */
  async finish(): Promise<void> {
    const { clock, sequences, events } = this.#set
    for (let round = 0; round < 400 && this.#openRuns().length + this.#open().length > 0; round++) {
      for (const run of this.#openRuns()) this.#end(run, 'well')
      await settled()
      this.#look()
      if (this.#openRuns().length === 0) clock.advance(5)
    }
    this.#throwWrong()
    assert.deepEqual(this.#open(), [], 'every request is answered')
    clock.advance(IDLE_MS)
    await settled()
    assert.ok(sequences.idle, 'every sequence is over')
    const told = events.findLast(({ kind }) => kind === 'sequences')
    if (told?.kind === 'sequences') {
      const { active, backlog, waiting, stateBytes } = told
      assert.deepEqual({ active, backlog, waiting, stateBytes }, nothing)
    }
    if (this.#draining) assert.ok(this.#drained, 'it has drained')
  }

  #throwWrong(): void {
    for (const wrong of this.#wrong) throw wrong
  }

  #ask({ id: n, flags, spoilt, within, begunWithin }: Extract<Step, { do: 'ask' }>): void {
    const { clock, ask } = this.#set
    const id = BigInt(n)
    const start = flags.includes('s')
    const known = this.#epochs.get(id)
    const now = clock.now()
    const epoch = start || known === undefined ? { sum: undefined, lastHeard: now } : known
    this.#next += 1
    // what spoils a run can be seen in its rows
    const x = spoilt ? -this.#next : this.#next
    const { call, answer } = ask(id, flags, x, {
      ...(within !== undefined && { deadline: now + within }),
      ...(begunWithin !== undefined && { queueTimeoutMs: begunWithin }),
    })
    const leave = () => call.cancel()
    const end = flags.includes('e')
    const asked: Asked = { id, x, start, end, spoilt, epoch, leave, outcome: 'open' }
    this.#asked.push(asked)
    if (start) this.#epochs.set(id, epoch)
    // deadlines are watched by whoever has made the call
    if (within !== undefined) {
      clock.wakeAt(now + within, () => call.end(fail('DEADLINE_EXCEEDED', { where: 'served' })))
    }
    answer
      .then(
        (response) => this.#answered(asked, sumOf(response)),
        (why: unknown) => this.#refused(asked, why),
      )
      .catch((wrong: unknown) => this.#wrong.push(wrong))
  }

  #answered(asked: Asked, sum: number): void {
    const { epoch, start, end, x } = asked
    assert.equal(asked.outcome, 'open', 'it is answered once')
    const before = start ? INITIAL : epoch.sum
    assert.ok(before !== undefined, 'what was not started is not answered')
    assert.equal(sum, before + x)
    assert.ok(!asked.spoilt, 'what the model refuses is not answered')
    epoch.sum = end ? undefined : sum
    epoch.lastHeard = this.#set.clock.now()
    asked.outcome = sum
  }

  #refused(asked: Asked, why: unknown): void {
    assert.equal(asked.outcome, 'open', 'it is answered once')
    assert.ok(why instanceof ServingError)
    asked.outcome = why
    assert.notEqual(why.reason, 'INTERNAL', `${why.cause}`)
    const { epoch } = asked
    const now = this.#set.clock.now()
    if (why.reason === 'SEQUENCE_NOT_STARTED') {
      const ending = this.#asked.some((one) => one.epoch === epoch && one.end)
      const forgotten = now - epoch.lastHeard >= IDLE_MS
      const underWay = epoch.sum !== undefined && !ending && !forgotten && !this.#draining
      assert.ok(!underWay, 'what is under way goes on')
    } else if (why.reason !== 'QUEUE_FULL') epoch.lastHeard = now
    const spoilt = why.reason === 'RUN_REFUSED'
    if (spoilt) assert.ok(asked.spoilt, 'a request that is fine does not fail with another')
  }

  #end(run: Run, how: 'well' | 'badly'): void {
    if (run.rows.some(({ ready, x }) => ready && x < 0)) {
      run.fail(fail('RUN_REFUSED', { problem: 'negative' }))
    } else if (how === 'badly') run.fail(fail('RUN_FAILED'))
    else run.succeed()
  }

  /** Holds what has begun since to what was promised. */
  #look(): void {
    const { runs } = this.#set
    const busy = this.#openRuns().flatMap(({ rows }) => rows.filter(({ ready }) => ready))
    assert.equal(new Set(busy.map(({ id }) => id)).size, busy.length, 'one of a sequence at once')
    for (const { rows } of runs.slice(this.#seen)) {
      assert.ok(rows.at(-1)?.ready, 'no run is longer than it must be')
      for (const [row, told] of rows.entries()) this.#lookAt(told, row)
    }
    this.#seen = runs.length
  }

  #lookAt({ ready, start, end, id, x, sum }: Run['rows'][number], row: number): void {
    if (!ready) {
      assert.deepEqual({ start, end, id, x, sum }, empty, 'an empty row tells nothing')
      return
    }
    const asked = this.#asked.find((one) => one.x === x)!
    assert.deepEqual([id, start, end], [asked.id, asked.start, asked.end])
    if (start) assert.equal(sum, INITIAL)
    const before = this.#asked.filter((one) => one.id === id && Math.abs(one.x) < Math.abs(x))
    const open = before.filter(({ outcome }) => outcome === 'open')
    assert.deepEqual(open, [], 'in the order in which they came')
    if (!this.#direct) return
    const known = this.#rows.get(asked.epoch) ?? row
    assert.equal(row, known, 'a sequence keeps its row')
    this.#rows.set(asked.epoch, row)
  }

  #open(): readonly Asked[] {
    return this.#asked.filter(({ outcome }) => outcome === 'open')
  }

  #openRuns(): readonly Run[] {
    return this.#set.runs.filter(({ open }) => open)
  }
}

const empty = { start: false, end: false, id: 0n, x: 0, sum: 0 }
const nothing = { active: 0, backlog: 0, waiting: 0, stateBytes: 0 }
