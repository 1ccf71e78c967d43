import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runRounds } from './rounds.ts'

test('phases change their order from round to round, between two calibrators', async () => {
  const { log, rounds } = await run({ calibrators: [10, 10.5, 10, 10, 10, 10] })
  assert.equal(log.join(' '), 'bare:1 a:4 b:4 bare:1 bare:1 b:4 a:4 bare:1 bare:1 a:4 b:4 bare:1')
  assert.deepEqual(
    rounds.map((round) => [round.samples.a!.requests, round.samples.b!.requests]),
    [
      [1, 2],
      [2, 1],
      [1, 2],
    ],
  )
  assert.deepEqual(rounds[1]!.order, ['b', 'a'])
})

test('a disturbed round is kept in the record, with the reason', async () => {
  const { rounds } = await run({ calibrators: [10, 10, 10, 20, 10, 10], steal: [0, 0, 30] })
  assert.deepEqual(
    rounds.map((round) => round.discarded),
    [null, 'calibrators differ by 100 %', 'steal 30.0 %'],
  )
})

test('without the gate every round counts', async () => {
  const { rounds } = await run({ calibrators: [10, 10, 10, 20, 10, 10], ungated: true })
  assert.deepEqual(
    rounds.map((round) => round.discarded),
    [null, null, null],
  )
})

async function run(given: { calibrators: number[]; steal?: number[]; ungated?: boolean }) {
  const log: string[] = []
  const rates = given.calibrators.values()
  const steals = given.steal?.values()
  let all = 0
  let stolen = 0
  let readings = 0
  const stat = () => {
    if (readings++ % 2 === 1) {
      const steal = steals?.next().value ?? 0
      all += 100 - steal
      stolen += steal
    }
    return `cpu  ${all} 0 0 0 0 0 0 ${stolen} 0 0`
  }
  const phase = (name: string) => {
    return {
      name,
      run: async (seconds: number) => {
        log.push(`${name}:${seconds}`)
        // The place within the round, so that a sample filed under the wrong name is seen.
        const place = log.toReversed().findIndex((entry) => entry.startsWith('bare'))
        return { requests: place, seconds, p50Ms: 1 }
      },
    }
  }
  const calibrate = async (seconds: number) => {
    log.push(`bare:${seconds}`)
    return rates.next().value!
  }
  const rounds = await runRounds(
    { calibrate, phases: [phase('a'), phase('b')] },
    { rounds: 3, phaseSeconds: 4, calibratorSeconds: 1, ungated: given.ungated ?? false },
    stat,
    () => {},
  )
  return { log, rounds }
}
