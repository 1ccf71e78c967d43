import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import type { Predictor } from '../predictor.ts'
import { finishing, SequenceHomes } from './homes.ts'
import { asking, INITIAL, int64, refusalOf, settled, setUp, sumOf } from './testing.ts'

/** Two versions of one model, the second of which takes over. */
function twoVersions(clock = new HandClock()) {
  const homes = new SequenceHomes()
  const version = (number: string) => {
    const set = setUp({ version: number, clock })
    const home = { model: 'm', predictor: set.sequences, sequences: set.sequences }
    const leave = homes.enter(home)
    return { ...set, home, leave, ask: asking(homes.handing(home)) }
  }
  const [one, two] = [version('1'), version('2')]
  const run = async () => {
    await settled()
    for (const { runs } of [one, two]) {
      for (const each of runs) if (each.open) each.succeed()
      await settled()
    }
  }
  return { one, two, run, homes }
}

async function told(answer: ReturnType<ReturnType<typeof asking>>['answer']) {
  const response = await answer
  return `${response.version}: ${sumOf(response) - INITIAL}`
}

describe('a sequence stays with its version', () => {
  it('when another takes over, until it ends', async () => {
    const { one, two, run } = twoVersions()
    one.ask(7n, 's', 1)
    await run()
    const drained = one.sequences.drain()
    const next = two.ask(7n, '', 2)
    const other = two.ask(8n, 's', 4)
    const last = two.ask(7n, 'e', 8)
    await run()
    await run()
    assert.equal(await told(next.answer), '1: 3')
    assert.equal(await told(other.answer), '2: 4')
    assert.equal(await told(last.answer), '1: 11')
    await drained
    const after = await refusalOf(two.ask(7n, '', 16).answer)
    assert.equal(after.reason, 'SEQUENCE_NOT_STARTED')
  })

  it('and begins anew in the newest', async () => {
    const { one, two, run } = twoVersions()
    one.ask(7n, 's', 1)
    await run()
    const drained = one.sequences.drain()
    const start = two.ask(7n, 's', 2)
    const next = two.ask(7n, '', 4)
    await run()
    await run()
    assert.equal(await told(start.answer), '2: 2')
    assert.equal(await told(next.answer), '2: 6')
    await drained // at once: nothing of it comes there any more
  })

  it('where both of them serve, whatever starts at either', async () => {
    const { one, two, run } = twoVersions()
    one.ask(7n, 's', 1)
    await run()
    const moved = two.ask(7n, '', 2)
    await run()
    assert.equal(await told(moved.answer), '1: 3')
    two.ask(7n, 's', 100)
    await run()
    const own = [one.ask(7n, '', 4), two.ask(7n, '', 200)]
    await run()
    assert.deepEqual(await Promise.all(own.map(({ answer }) => told(answer))), ['1: 7', '2: 300'])
  })

  it('also where the newest answers requests by themselves', async () => {
    const { one, run, homes } = twoVersions()
    const alone = { signature: one.sequences.signature } as Predictor
    const plain: Predictor = {
      ...alone,
      predict: async () => ({
        model: 'm',
        version: '3',
        outputs: [int64('y', INITIAL)],
        timing: { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 },
      }),
    }
    const ask = asking(homes.handing({ model: 'm', predictor: plain, sequences: undefined }))
    one.ask(7n, 's', 1)
    await run()
    void one.sequences.drain()
    const [mine, other] = [ask(7n, '', 2), ask(9n, '', 2)]
    await run()
    assert.equal(await told(mine.answer), '1: 3')
    assert.equal(await told(other.answer), '3: 0')
  })

  it('until the version is gone', async () => {
    const { one, two, run } = twoVersions()
    one.ask(7n, 's', 1)
    await run()
    one.leave()
    assert.equal((await refusalOf(two.ask(7n, '', 2).answer)).reason, 'SEQUENCE_NOT_STARTED')
  })
})

describe('a version that finishes', () => {
  it('answers what belongs to its sequences, and nothing else', async () => {
    const { one, run } = twoVersions()
    one.ask(7n, 's', 1)
    await run()
    void one.sequences.drain()
    const last = finishing(one.home)
    const next = asking(last)(7n, '', 2)
    await run()
    assert.equal(await told(next.answer), '1: 3')
    for (const refused of [asking(last)(8n, '', 4), asking(last)(7n, 's', 4)]) {
      const why = await refusalOf(refused.answer)
      assert.deepEqual([why.reason, why.facts.state], ['MODEL_NOT_READY', 'draining'])
    }
    assert.ok(one.sequences.idle, 'what was to be started anew is over')
    const none = last.predict({ inputs: [int64('x', 1)] }, new Call({ requestId: 'r' }))
    assert.equal((await refusalOf(none)).reason, 'MODEL_NOT_READY')
  })

  it('is done at once when nothing can come any more', async () => {
    const { one, two, run, homes } = twoVersions()
    one.ask(7n, 's', 1)
    two.ask(8n, 's', 1)
    await run()
    homes.leaveAll()
    await Promise.all([one.sequences.drain(), two.sequences.drain()])
  })
})
