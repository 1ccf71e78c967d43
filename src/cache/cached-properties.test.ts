import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as aTurn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Call } from '../call.ts'
import { type Reason, ServingError } from '../errors.ts'
import type { InferenceResponse } from '../predictor.ts'
import { aCall, answerTo, asking, setUp, told } from './testing.ts'

const own: readonly Reason[] = ['DEADLINE_EXCEEDED', 'QUEUE_FULL', 'DRAINING', 'MODEL_NOT_READY']
const common: readonly Reason[] = ['RUN_FAILED', 'RUN_REFUSED', 'INTERNAL']

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        what: fc.constant('ask' as const),
        x: fc.array(fc.nat(2), { minLength: 1, maxLength: 2 }),
        outputs: fc.constantFrom(undefined, ['y'], ['y', 'z'], ['z', 'y']),
        priority: fc.constantFrom(0, 0, 0, 1),
        inSequence: fc.constantFrom(false, false, false, false, true),
      }),
    },
    { weight: 4, arbitrary: fc.record({ what: fc.constant('succeed' as const), at: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constant('fail' as const),
        at: fc.nat(),
        reason: fc.constantFrom(...own, ...common),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('leave' as const), at: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('move' as const), ms: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('turn' as const) }) },
  ),
  { maxLength: 60, size: 'max' },
)

interface Question {
  readonly request: ReturnType<typeof asking>
  readonly call: Call
  readonly inSequence: boolean
  readonly answers: (InferenceResponse | ServingError)[]
}

it('whatever is asked, fails, ends and expires, each is answered once, as the model would', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(9_000, 20_000), async (all, maxBytes) => {
      const kit = setUp({ ttlMs: 10, maxBytes, maxWaiting: 3 })
      const questions: Question[] = []
      const failures = new Set<ServingError>()
      const settled = new Set<number>()
      /** A request to the model that is not answered yet. */
      const open = (at: number) => {
        const numbers = kit.model.asked.flatMap(({ call }, number) =>
          settled.has(number) || call.ended !== undefined ? [] : [number],
        )
        const number = numbers[at % Math.max(1, numbers.length)]
        if (number !== undefined) settled.add(number)
        return number === undefined ? undefined : kit.model.asked[number]
      }
      for (const step of all) {
        if (step.what === 'ask') {
          const { x, outputs, priority, inSequence } = step
          const call = aCall()
          const sequence = { id: 1n, start: true, end: true }
          call.scheduling = { priority, ...(inSequence && { sequence }) }
          const question: Question = { request: asking(x, outputs), call, inSequence, answers: [] }
          questions.push(question)
          kit.cached.predict(question.request, call).then(
            (answer) => question.answers.push(answer),
            (why: unknown) => question.answers.push(ServingError.from(why)),
          )
        } else if (step.what === 'succeed') open(step.at)?.succeed()
        else if (step.what === 'fail') {
          const why = new ServingError(step.reason, {})
          failures.add(why)
          open(step.at)?.fail(why)
        } else if (step.what === 'leave') questions[step.at % questions.length]?.call.cancel()
        else if (step.what === 'move') kit.clock.advance(step.ms)
        else await aTurn()
        assert.ok(kit.store.bytes <= maxBytes)
      }
      await aTurn()
      for (let more = open(0); more !== undefined; more = open(0)) {
        more.succeed()
        await aTurn()
      }
      await aTurn()
      assert.ok(kit.cached.idle)
      for (const { request, call, inSequence, answers } of questions) {
        const [answer, ...others] = answers
        assert.equal(others.length, 0)
        if (answer instanceof ServingError) {
          assert.ok(answer === call.ended || failures.has(answer), answer.reason)
          continue
        }
        assert.deepEqual(told(answer!), told(answerTo(request)))
        if (inSequence) assert.equal(answer!.cached, undefined)
      }
      // nobody fails for a reason of another's
      const blamed = questions.flatMap(({ answers: [answer] }) =>
        answer instanceof ServingError && own.includes(answer.reason) ? [answer] : [],
      )
      assert.equal(new Set(blamed).size, blamed.length)
      const counted = questions.filter(({ inSequence }) => !inSequence)
      assert.equal(kit.looked().length, counted.length, 'each is a hit or a miss')
      await kit.cached.drain()
      assert.deepEqual([kit.store.bytes, kit.store.entries], [0, 0])
    }),
    { numRuns: 400 },
  )
})
