/** What the threads of every runtime promise: a part of `contract.ts`. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  assertSame,
  type Contract,
  type ContractModels,
  callOf,
  nextTurn,
  run,
  using,
} from './contract-fixtures.ts'
import type { Runtime } from './runtime.ts'

/** `opened` is asked while tests run. */
export function testThreads<R extends Runtime>(
  { skip = {} }: Contract<R>,
  opened: () => { readonly runtime: R; readonly models: ContractModels },
): void {
  it('computes what one thread is given one after the other, and other threads beside it', {
    skip: skip.endless ?? false,
  }, async () => {
    const { runtime, models } = opened()
    const { endless, rows } = models
    assert.ok(endless !== undefined, 'a model for this, or a reason to skip it')
    await using(runtime, endless, (busy) =>
      using(runtime, rows, async (model) => {
        for (let thread = 0; thread < runtime.threads; thread++) {
          const call = callOf()
          const outcome: Promise<unknown> = run(busy, endless.inputs, { call, thread }).catch(
            (thrown: unknown) => thrown,
          )
          const settled: string[] = []
          const inputs = rows.inputs(2, 10 * thread)
          const behind = Array.from({ length: runtime.placesPerThread - 1 }, async () => {
            const { outputs } = await run(model, inputs, { thread })
            settled.push('behind')
            assertSame(outputs, rows.expected(inputs))
          })
          for (let other = 0; other < runtime.threads; other++) {
            if (other === thread) continue
            const beside = rows.inputs(3, 100 + other)
            const { outputs } = await run(model, beside, { thread: other })
            assertSame(outputs, rows.expected(beside))
          }
          await nextTurn()
          assert.deepEqual(settled, [], 'the thread is taken')
          call.cancel()
          assert.equal(await outcome, call.ended)
          await Promise.all(behind)
        }
      }),
    )
  })
}
