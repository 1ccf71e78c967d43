import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { INITIAL, int64, refusalOf, settled, setUp, sumOf } from './testing.ts'

const readyIds = (run: { rows: readonly { ready: boolean; id: bigint }[] } | undefined) =>
  run?.rows.map(({ ready, id }) => (ready ? id : undefined))

/** Lets runs succeed, one after the other, until there is none. */
async function runAll(set: Pick<ReturnType<typeof setUp>, 'runs'>): Promise<void> {
  await settled()
  for (let at = 0; at < set.runs.length; at++) {
    if (set.runs[at]!.open) set.runs[at]!.succeed()
    await settled()
  }
}

describe('a sequence', () => {
  it('is answered by what came before, and begins anew at its start', async () => {
    const set = setUp()
    const answers = [
      set.ask(7n, 's', 1),
      set.ask(7n, '', 2),
      set.ask(7n, '', 4),
      set.ask(7n, 's', 8),
      set.ask(7n, 'e', 16),
      set.ask(7n, 'se', 32),
    ]
    await runAll(set)
    const sums = await Promise.all(answers.map(async ({ answer }) => sumOf(await answer)))
    assert.deepEqual(
      sums.map((sum) => sum - INITIAL),
      [1, 3, 7, 8, 24, 32],
    )
    assert.ok(set.sequences.idle)
  })

  it('runs one request at a time, in order', async () => {
    const { ask, runs } = setUp()
    ask(7n, 's', 1)
    ask(7n, '', 2)
    ask(7n, '', 3)
    await settled()
    assert.equal(runs.length, 1)
    runs[0]!.succeed()
    await settled()
    assert.equal(runs.length, 2)
    assert.deepEqual(
      runs.map(({ rows }) => rows.map(({ x }) => x)),
      [[1], [2]],
    )
  })

  it('is told of its start and end in one request', async () => {
    const { ask, runs } = setUp()
    ask(7n, 'se', 5)
    assert.deepEqual(runs[0]!.rows, [
      { ready: true, start: true, end: true, id: 7n, x: 5, sum: INITIAL },
    ])
  })

  it('gives the outputs that are asked for, and never its state', async () => {
    const set = setUp()
    const call = new Call({ requestId: 'r' })
    call.scheduling = { sequence: { id: 7n, start: true, end: false } }
    const request = { inputs: [int64('x', 1)], outputs: ['id'] }
    const answer = set.sequences.predict(request, call)
    const all = set.ask(8n, 's', 2).answer
    await runAll(set)
    assert.deepEqual(set.runs[0]!.outputs, ['id', 'sum2'])
    assert.deepEqual(
      (await answer).outputs.map(({ name }) => name),
      ['id'],
    )
    assert.deepEqual(
      (await all).outputs.map(({ name }) => name),
      ['y', 'id'],
    )
    assert.deepEqual((await all).outputs[1]!.tensor.data, BigUint64Array.of(8n))
  })

  it('waits from its coming to its run', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    const { answer } = set.ask(7n, '', 2)
    set.clock.advance(30)
    set.runs[0]!.succeed()
    await settled()
    set.clock.advance(5)
    set.runs[1]!.succeed()
    assert.deepEqual((await answer).timing, { queueMs: 33, inputMs: 0, runMs: 2, outputMs: 0 })
  })
})

describe('a request is refused', () => {
  const cases: readonly (readonly [
    what: string,
    id: bigint | string,
    flags: '' | 's',
    x: readonly number[],
    message: string,
  ])[] = [
    [
      'without an id',
      0n,
      's',
      [1],
      "inference request to model 'm' must specify a non-zero or non-empty correlation ID",
    ],
    [
      'with an empty id',
      '',
      's',
      [1],
      "inference request to model 'm' must specify a non-zero or non-empty correlation ID",
    ],
    [
      'of a sequence that was not started',
      42n,
      '',
      [1],
      "inference request for sequence 42 to model 'm' must specify the START flag on the first request of the sequence",
    ],
    [
      'of two rows',
      7n,
      's',
      [1, 2],
      "inference request to model 'm' must specify batch-size 1 due to requirements of sequence batcher",
    ],
    [
      'with an id that the model cannot be told',
      'abc',
      's',
      [1],
      '"sequence_id" must be a number, got "abc"',
    ],
    [
      'with an id that is too long',
      'a'.repeat(129),
      's',
      [1],
      '"sequence_id" must be at most 128 bytes long, got 129 bytes',
    ],
  ]
  for (const [what, id, flags, x, message] of cases) {
    it(what, async () => {
      const { sequences, runs } = setUp()
      const call = new Call({ requestId: 'r' })
      call.scheduling = { sequence: { id, start: flags === 's', end: false } }
      const why = await refusalOf(sequences.predict({ inputs: [int64('x', ...x)] }, call))
      assert.equal(why.message, message)
      assert.equal(why.code, 'invalid_argument')
      assert.equal(runs.length, 0)
    })
  }

  it('that says of no sequence to be part of one', async () => {
    const { sequences } = setUp()
    const call = new Call({ requestId: 'r' })
    const why = await refusalOf(sequences.predict({ inputs: [int64('x', 1)] }, call))
    assert.equal(why.reason, 'SEQUENCE_ID_MISSING')
  })

  it('after the end, even before that has run', async () => {
    const { ask } = setUp()
    ask(7n, 's', 1)
    ask(7n, 'e', 2)
    assert.equal((await refusalOf(ask(7n, '', 4).answer)).reason, 'SEQUENCE_NOT_STARTED')
  })

  it('where too many wait, but never one that need not', async () => {
    const { ask, runs } = setUp({ config: { queue: { maxWaiting: 1 } } })
    ask(7n, 's', 1)
    ask(7n, '', 2)
    assert.equal(runs.length, 1)
    const why = await refusalOf(ask(8n, 's', 3).answer)
    assert.deepEqual([why.reason, why.facts.limit], ['QUEUE_FULL', 1])
    const none = setUp({ config: { queue: { maxWaiting: 0 } } })
    none.ask(7n, 's', 1)
    assert.equal(none.runs.length, 1)
    assert.equal((await refusalOf(none.ask(7n, '', 2).answer)).reason, 'QUEUE_FULL')
  })

  it('where those that wait hold too much', async () => {
    const { ask, events } = setUp({ config: { queue: { maxWaitingBytes: 16 } } })
    ask(7n, 's', 1)
    ask(7n, '', 2)
    ask(7n, '', 3)
    assert.equal((await refusalOf(ask(7n, '', 4).answer)).reason, 'QUEUE_BYTES_FULL')
    assert.ok(events.some((event) => event.kind === 'shed' && event.why === 'bytes'))
  })

  it('where states would hold too much, and leaves no trace', async () => {
    const set = setUp({ sequences: { maxStateBytes: 16 } })
    const sums = ['1', '2', '3'].map((id) => set.ask(BigInt(id), 's', 1).answer)
    await runAll(set)
    await Promise.all(sums.slice(0, 2))
    assert.equal((await refusalOf(sums[2]!)).reason, 'SEQUENCE_STATES_FULL')
    const ended = set.ask(1n, 'e', 2).answer
    await runAll(set)
    assert.equal(sumOf(await ended), INITIAL + 3)
    const another = set.ask(3n, 's', 5).answer
    await runAll(set)
    assert.equal(sumOf(await another), INITIAL + 5)
  })

  it('that waits longer than it may', async () => {
    const { ask, clock, runs } = setUp({ config: { queue: { timeoutMs: 40 } } })
    ask(7n, 's', 1)
    const own = ask(7n, '', 2, { queueTimeoutMs: 10 }).answer
    const model = ask(7n, '', 4, { queueTimeoutMs: 90 }).answer
    const late = ask(7n, '', 8, { deadline: 20 }).answer
    clock.advance(10)
    assert.deepEqual(
      (await refusalOf(own)).message,
      'the request waited 10 ms for "m", which is as long as it may',
    )
    clock.advance(29)
    runs[0]!.succeed()
    await settled()
    runs[1]!.succeed()
    await settled()
    assert.equal((await refusalOf(late)).reason, 'DEADLINE_EXCEEDED')
    assert.equal(sumOf(await model), INITIAL + 5)
    assert.equal(runs.length, 2)
  })
})

describe('a request that is not answered', () => {
  it('leaves no trace where its run failed, and the sequence goes on', async () => {
    const set = setUp()
    const first = set.ask(7n, 's', 1).answer
    await runAll(set)
    const second = set.ask(7n, '', 2).answer
    const third = set.ask(7n, '', 4).answer
    set.runs[1]!.fail(fail('RUN_FAILED'))
    assert.equal((await refusalOf(second)).reason, 'RUN_FAILED')
    await runAll(set)
    assert.equal(sumOf(await first), INITIAL + 1)
    assert.equal(sumOf(await third), INITIAL + 5)
  })

  it('leaves no trace where its client left, before it ran or while', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    const waiting = set.ask(7n, '', 2)
    const running = set.ask(7n, '', 4)
    const last = set.ask(7n, '', 8)
    waiting.call.cancel()
    set.runs[0]!.succeed()
    await settled()
    assert.equal(set.runs[1]!.rows[0]!.x, 4)
    running.call.cancel()
    assert.equal((await refusalOf(running.answer)).reason, 'CANCELLED')
    assert.equal(set.runs[1]!.call.ended?.reason, 'CANCELLED', 'its run is stopped')
    set.runs[1]!.succeed()
    await runAll(set)
    assert.equal(sumOf(await last.answer), INITIAL + 9)
  })

  it('leaves no sequence where it was the start: what followed is refused', async () => {
    const set = setUp()
    const start = set.ask(7n, 's', 1)
    const next = set.ask(7n, '', 2)
    const again = set.ask(7n, 's', 4)
    const after = set.ask(7n, '', 8)
    set.runs[0]!.fail(fail('RUN_FAILED'))
    assert.equal((await refusalOf(start.answer)).reason, 'RUN_FAILED')
    assert.equal((await refusalOf(next.answer)).reason, 'SEQUENCE_NOT_STARTED')
    await runAll(set)
    assert.equal(sumOf(await again.answer), INITIAL + 4)
    assert.equal(sumOf(await after.answer), INITIAL + 12)
  })

  it('ends the sequence before, where it was to start it anew', async () => {
    const set = setUp()
    const old = [set.ask(7n, 's', 1), set.ask(7n, '', 2)]
    const start = set.ask(7n, 's', 4)
    const next = set.ask(7n, '', 8)
    start.call.cancel()
    assert.equal((await refusalOf(next.answer)).reason, 'SEQUENCE_NOT_STARTED')
    assert.equal((await refusalOf(set.ask(7n, '', 16).answer)).reason, 'SEQUENCE_NOT_STARTED')
    await runAll(set)
    assert.equal(sumOf(await old[1]!.answer), INITIAL + 3, 'what came before it is answered')
    assert.ok(set.sequences.idle)
  })

  it('ends it also where too many waited for it to be taken', async () => {
    const set = setUp({ config: { queue: { maxWaiting: 1 } } })
    set.ask(7n, 's', 1)
    const last = set.ask(7n, '', 2)
    assert.equal((await refusalOf(set.ask(7n, 's', 4).answer)).reason, 'QUEUE_FULL')
    await runAll(set)
    assert.equal(sumOf(await last.answer), INITIAL + 3)
    assert.equal((await refusalOf(set.ask(7n, '', 8).answer)).reason, 'SEQUENCE_NOT_STARTED')
    // where nothing of it was under way, at once
    const idle = setUp()
    idle.ask(7n, 's', 1)
    await runAll(idle)
    assert.equal(
      (await refusalOf(idle.ask(7n, 's', 2, { deadline: 0 }).answer)).reason,
      'DEADLINE_EXCEEDED',
    )
    assert.ok(idle.sequences.idle)
  })

  it('ends it too where the last before it fails, or is dropped', async () => {
    for (const how of ['fails', 'is dropped'] as const) {
      const set = setUp()
      set.ask(7n, 's', 1)
      const before = set.ask(7n, '', 2)
      const start = set.ask(7n, 's', 4)
      if (how === 'is dropped') {
        start.call.cancel()
        before.call.cancel()
        set.runs[0]!.succeed()
      } else {
        set.runs[0]!.succeed()
        await settled()
        start.call.cancel()
        set.runs[1]!.fail(fail('RUN_FAILED'))
      }
      await settled()
      assert.ok(set.sequences.idle, how)
    }
  })

  it('does not end the sequence where it was to', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    const end = set.ask(7n, 'e', 2)
    set.runs[0]!.succeed()
    await settled()
    set.runs[1]!.fail(fail('RUN_FAILED'))
    await refusalOf(end.answer)
    const again = set.ask(7n, 'e', 4)
    await runAll(set)
    assert.equal(sumOf(await again.answer), INITIAL + 5)
  })

  it('fails alone where its run had others', async () => {
    const set = setUp()
    set.ask(1n, 's', 1)
    const spoilt = set.ask(2n, 's', 2)
    const fine = set.ask(3n, 's', 4)
    set.runs[0]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[1]), [undefined, 2n, 3n])
    set.runs[1]!.fail(fail('RUN_REFUSED', { problem: 'no' }))
    await settled()
    assert.deepEqual(readyIds(set.runs[2]), [undefined, 2n])
    set.runs[2]!.fail(fail('RUN_REFUSED', { problem: 'no' }))
    await settled()
    assert.deepEqual(readyIds(set.runs[3]), [undefined, undefined, 3n])
    set.runs[3]!.succeed()
    assert.equal((await refusalOf(spoilt.answer)).reason, 'RUN_REFUSED')
    assert.equal(sumOf(await fine.answer), INITIAL + 4)
  })

  it('is not tried again where its client left meanwhile', async () => {
    const set = setUp()
    set.ask(1n, 's', 1)
    const gone = set.ask(2n, 's', 2)
    const stays = set.ask(3n, 's', 4)
    set.runs[0]!.succeed()
    await settled()
    gone.call.cancel()
    assert.equal(set.runs[1]!.call.ended, undefined, 'another waits for the run')
    set.runs[1]!.fail(fail('RUN_FAILED'))
    await runAll(set)
    assert.equal(sumOf(await stays.answer), INITIAL + 4)
    assert.deepEqual(set.runs.slice(2).map(readyIds), [[undefined, undefined, 3n]])
  })

  it('is not tried again where the model keeps its state to itself', async () => {
    const set = setUp({ sequences: { state: [] } })
    const ask = (id: bigint) => {
      const call = new Call({ requestId: 'r' })
      call.scheduling = { sequence: { id, start: true, end: false } }
      const request = { inputs: [int64('x', 1), int64('sum', 0)] }
      return refusalOf(set.sequences.predict(request, call))
    }
    const refusals = [ask(1n), ask(2n), ask(3n)]
    for (const members of [1, 2]) {
      set.runs[members - 1]!.fail(fail('RUN_FAILED'))
      await settled()
    }
    for (const why of await Promise.all(refusals)) assert.equal(why.reason, 'RUN_FAILED')
    assert.equal(set.runs.length, 2)
  })
})

describe('a sequence of which nothing comes', () => {
  it('is forgotten after its time, and its row is for the next', async () => {
    const set = setUp({ sequences: { maxBatchSize: 1, idleTimeoutMs: 100 } })
    const first = set.ask(7n, 's', 1)
    await runAll(set)
    await first.answer
    const next = set.ask(8n, 's', 2)
    set.clock.advance(99)
    assert.equal(set.runs.length, 1)
    set.clock.advance(1)
    await runAll(set)
    assert.equal(sumOf(await next.answer), INITIAL + 2)
    assert.equal((await refusalOf(set.ask(7n, '', 4).answer)).reason, 'SEQUENCE_NOT_STARTED')
    const timedOut = set.events.filter(({ kind }) => kind === 'sequence-timed-out')
    assert.deepEqual(timedOut, [{ kind: 'sequence-timed-out', model: 'm', version: '1' }])
  })

  it('is as young as its last request and its last answer', async () => {
    const set = setUp({ sequences: { idleTimeoutMs: 100 } })
    set.ask(7n, 's', 1)
    set.ask(8n, 's', 1)
    await runAll(set)
    set.clock.advance(60)
    const slow = set.ask(7n, '', 2)
    set.clock.advance(300) // longer than it may be idle, but it is not
    set.runs.at(-1)!.succeed()
    await slow.answer
    set.clock.advance(99)
    assert.ok(set.sequences.knows(7n))
    assert.ok(!set.sequences.knows(8n))
    set.clock.advance(1)
    assert.ok(!set.sequences.knows(7n))
  })
})

describe('rows of a batch', () => {
  it('are those of their sequences with direct, and told to be empty where none has a request', async () => {
    const set = setUp()
    for (const id of [1n, 2n, 3n]) set.ask(id, 's', Number(id))
    await runAll(set)
    set.ask(1n, '', 10)
    set.ask(3n, '', 30)
    set.ask(2n, 'e', 20)
    await settled()
    set.runs[2]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[3]), [undefined, 2n, 3n])
    assert.deepEqual(set.runs[3]!.rows[0], {
      ready: false,
      start: false,
      end: false,
      id: 0n,
      x: 0,
      sum: 0,
    })
  })

  it('are shared by whoever waited longest with oldest', async () => {
    const set = setUp({ sequences: { strategy: 'oldest', maxBatchSize: 2, maxSequences: 4 } })
    for (const id of [1n, 2n, 3n, 4n]) set.ask(id, 's', Number(id))
    await settled()
    assert.deepEqual(readyIds(set.runs[0]), [1n])
    set.ask(1n, '', 10)
    set.runs[0]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[1]), [2n, 3n])
    set.runs[1]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[2]), [4n, 1n])
  })

  it('are waited for as long as is said, unless enough are ready', async () => {
    const set = setUp({ sequences: { maxBatchSize: 4, maxDelayMs: 20, minimumUtilization: 0.5 } })
    set.ask(1n, 's', 1)
    set.clock.advance(19)
    assert.equal(set.runs.length, 0)
    set.clock.advance(1)
    assert.deepEqual(readyIds(set.runs[0]), [1n])
    set.ask(2n, 's', 2)
    set.ask(3n, 's', 3)
    set.runs[0]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[1]), [undefined, 2n, 3n])
  })

  it('belong to batches that run beside each other, one for each executor', async () => {
    const set = setUp({ config: { executors: 2 } })
    for (const id of [1n, 2n, 3n, 4n]) set.ask(id, 's', Number(id))
    assert.deepEqual(set.runs.map(readyIds), [[1n], [2n]])
    set.runs[1]!.succeed()
    await settled()
    assert.deepEqual(readyIds(set.runs[2]), [undefined, 4n])
  })
})

describe('more sequences than rows', () => {
  it('wait for one in the order in which they came', async () => {
    const set = setUp({ sequences: { maxBatchSize: 1 } })
    const told = () => {
      const last = set.events.findLast(({ kind }) => kind === 'sequences')
      return last?.kind === 'sequences' ? [last.active, last.backlog, last.waiting] : []
    }
    set.ask(1n, 's', 1)
    set.ask(2n, 's', 2)
    set.ask(3n, 's', 3)
    set.ask(2n, 'e', 4)
    assert.deepEqual(told(), [3, 2, 3])
    set.ask(1n, 'e', 5)
    await runAll(set)
    assert.deepEqual(
      set.runs.map(({ rows }) => rows[0]!.x),
      [1, 5, 2, 4, 3],
    )
    assert.deepEqual(told(), [1, 0, 0])
  })

  it('come before one that begins anew after its end', async () => {
    const set = setUp({ sequences: { maxBatchSize: 1 } })
    set.ask(1n, 'se', 1)
    set.ask(2n, 'se', 2)
    set.ask(1n, 'se', 3)
    set.ask(3n, 'se', 4)
    await runAll(set)
    assert.deepEqual(
      set.runs.map(({ rows }) => rows[0]!.x),
      [1, 2, 4, 3],
    )
  })

  it('are gone from the line when their clients leave', async () => {
    const set = setUp({ sequences: { maxBatchSize: 1 } })
    set.ask(1n, 's', 1)
    set.ask(2n, 's', 2).call.cancel()
    set.ask(3n, 's', 3)
    set.ask(1n, 'e', 4)
    await runAll(set)
    assert.deepEqual(
      set.runs.map(({ rows }) => rows[0]!.x),
      [1, 4, 3],
    )
  })
})

describe('a version that drains', () => {
  it('takes what belongs to its sequences until they end, and starts none', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    await runAll(set)
    let drained = false
    void set.sequences.drain().then(() => {
      drained = true
    })
    const next = set.ask(7n, '', 2)
    assert.equal((await refusalOf(set.ask(8n, 's', 4).answer)).reason, 'DRAINING')
    await runAll(set)
    assert.equal(sumOf(await next.answer), INITIAL + 3)
    assert.ok(!drained)
    set.ask(7n, 'e', 8)
    await runAll(set)
    assert.ok(drained)
  })

  it('ends what is to be started anew', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    const next = set.ask(7n, '', 2)
    const drained = set.sequences.drain()
    assert.equal((await refusalOf(set.ask(7n, 's', 4).answer)).reason, 'DRAINING')
    assert.equal((await refusalOf(set.ask(7n, '', 8).answer)).reason, 'SEQUENCE_NOT_STARTED')
    await runAll(set)
    assert.equal(sumOf(await next.answer), INITIAL + 3)
    await drained
  })

  it('waits for no company', async () => {
    const set = setUp({ sequences: { maxDelayMs: 50, minimumUtilization: 1 } })
    set.ask(7n, 's', 1)
    assert.equal(set.runs.length, 0)
    void set.sequences.drain()
    assert.equal(set.runs.length, 1)
  })

  it('is done at once when nothing can come any more', async () => {
    const set = setUp()
    set.ask(7n, 's', 1)
    set.ask(8n, 's', 2)
    const queued = set.ask(8n, '', 4)
    set.runs[0]!.succeed()
    await settled()
    set.sequences.leaveAll()
    const drained = set.sequences.drain()
    await runAll(set)
    await drained
    assert.equal(sumOf(await queued.answer), INITIAL + 6, 'what came is answered')
  })

  it('refuses what waits and stops what runs when it is given up', async () => {
    const set = setUp()
    const running = set.ask(7n, 's', 1)
    const waiting = set.ask(7n, '', 2)
    const backlog = [1n, 2n, 3n].map((id) => set.ask(id, 's', 3))
    const why = fail('MODEL_NOT_READY', { model: 'm', state: 'unloaded' })
    set.sequences.endAll(why)
    for (const { answer } of [running, waiting, ...backlog]) {
      assert.equal(await refusalOf(answer), why)
    }
    assert.equal(set.runs[0]!.call.ended, why)
    assert.ok(!set.sequences.idle, 'a run is under way')
    set.runs[0]!.fail(why)
    await set.sequences.whenIdle()
    assert.equal(set.runs.length, 1)
  })
})
