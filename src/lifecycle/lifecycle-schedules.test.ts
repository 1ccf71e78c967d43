/** Whatever is wanted in whatever order, and however loads end: what must always hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fail } from '../errors.ts'
import { found, setUp, turns } from './testing.ts'

const broken = fail('MODEL_UNREADABLE', { problem: 'it is cut off' })

const someVersions = fc.dictionary(
  fc.constantFrom('1', '2', '3'),
  fc.constantFrom('a', 'b', 'c', broken),
  { maxKeys: 3 },
)
const policy = fc.constantFrom({ latest: 1 }, { latest: 2 }, { all: true as const })

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ want: someVersions, policy }) },
  { weight: 4, arbitrary: fc.record({ succeed: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ fail: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ advance: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.constant({ broken: true as const }) },
  { weight: 1, arbitrary: fc.constant({ unwant: true as const }) },
)

test('what serves goes on serving until it is not wanted, and nothing is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { lifecycle, runtime, clock, ask, registry } = setUp()
      let answers = false
      for (const one of steps) {
        const open = runtime.loads.filter((load) => !load.gaveUp())
        if ('want' in one) {
          lifecycle.want(found('iris', one.want, { versions: one.policy }))
        } else if ('succeed' in one) {
          // version and files can be told from the answer
          open.at(-1 - one.succeed)?.succeed({ answer: 5 })
        } else if ('fail' in one) open.at(-1 - one.fail)?.fail(broken)
        else if ('advance' in one) clock.advance(one.advance)
        else if ('broken' in one) lifecycle.want({ name: 'iris', root: 'models', spec: broken })
        else {
          lifecycle.unwant('iris')
          answers = false
        }
        const stable = () => registry.list().filter((row) => row.stable === true)
        assert.ok(stable().length <= 1)
        if (answers) assert.match(await ask('iris'), /:5$/)
        await turns()
        if (answers) assert.match(await ask('iris'), /:5$/)
        answers = stable().length === 1
        for (const row of registry.list()) {
          assert.equal(row.served !== undefined, row.state === 'ready')
        }
        const serving = registry.list().filter(({ state }) => state === 'ready').length
        assert.ok(runtime.alive >= serving)
      }
      await lifecycle.stop()
      assert.equal(runtime.alive, 0)
    }),
    { numRuns: 150 },
  )
})

test('in the end what is wanted last is what serves, if it can be loaded', async () => {
  const good = fc.dictionary(fc.constantFrom('1', '2', '3'), fc.constantFrom('a', 'b'), {
    minKeys: 1,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(good, { minLength: 1, maxLength: 6 }), async (wishes) => {
      const { lifecycle, runtime, rows, ask } = setUp()
      for (const versions of wishes) {
        lifecycle.want(found('iris', versions))
        await turns()
      }
      for (let rest = wishes.length + 1; rest > 0; rest--) {
        for (const load of runtime.loads) load.succeed({ answer: 1 })
        await turns()
      }
      const newest = Object.keys(wishes.at(-1)!).sort().at(-1)!
      assert.deepEqual(rows(), [`${newest} ready`])
      assert.equal(await ask('iris'), `${newest}:1`)
      assert.equal(runtime.alive, 1)
    }),
    { numRuns: 100 },
  )
})
