/** What `runNow` of every runtime that has it promises: a part of `contract.ts`. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ServingError } from '../errors.ts'
import { binaryOf, type NamedTensor } from '../tensor/index.ts'
import {
  assertSame,
  type Contract,
  type ContractModels,
  type Fixture,
  requestOf,
  run,
  using,
} from './contract-fixtures.ts'
import type { Executable, RunResult, Runtime } from './runtime.ts'

type RunNow = (inputs: readonly NamedTensor[], outputs?: readonly string[]) => RunResult

/** `opened` is asked while tests run. */
export function testRunsNow<R extends Runtime>(
  { open, nothingLeft, skip = {} }: Contract<R>,
  opened: () => { readonly runtime: R; readonly models: ContractModels },
): void {
  const test = (name: string, body: () => Promise<void>) =>
    it(`run now: ${name}`, { skip: skip.now ?? false }, body)

  test('answers as a run in a thread does, whatever the number of rows and their order', () => {
    const { runtime, models } = opened()
    return using(runtime, models.rows, async (model) => {
      const runNow = runNowOf(model)
      for (const rows of [1, 3, 3, 3, 2, 0, 1, 200, 3, 0, 200, 1]) {
        const inputs = models.rows.inputs(rows, 10 * rows)
        const { outputs, inputMs, runMs, outputMs } = runNow(inputs)
        assertSame(outputs, models.rows.expected(inputs))
        assertSame(outputs, (await run(model, inputs)).outputs)
        for (const ms of [inputMs, runMs, outputMs]) assert.ok(Number.isFinite(ms) && ms >= 0)
      }
      for (let rows = 300; rows > 0; rows--) {
        const inputs = models.rows.inputs(rows, rows)
        for (const { outputs } of [runNow(inputs), runNow(inputs)]) {
          assertSame(outputs, models.rows.expected(inputs))
        }
      }
    })
  })

  test('gives the outputs asked for only, in the order asked for', () => {
    const { runtime, models } = opened()
    return using(runtime, models.rows, async (model) => {
      const runNow = runNowOf(model)
      for (const first of [5, 50, 500]) {
        const inputs = models.rows.inputs(3, first)
        const backwards = [...models.rows.expected(inputs)].reverse()
        for (const wanted of [backwards, ...backwards.map((output) => [output])]) {
          const { outputs } = runNow(
            inputs,
            wanted.map(({ name }) => name),
          )
          assertSame(outputs, wanted)
        }
        assertSame(runNow(inputs).outputs, models.rows.expected(inputs))
      }
    })
  })

  test('leaves its inputs and earlier answers as they are', () => {
    const { runtime, models } = opened()
    return using(runtime, models.rows, async (model) => {
      const runNow = runNowOf(model)
      const all: [tensor: NamedTensor['tensor'], bytes: Uint8Array][] = []
      for (const [rows, first] of [
        [4, 7],
        [4, 70],
        [1, 700],
        [4, 7000],
        [1, 7001],
      ] as const) {
        const inputs = models.rows.inputs(rows, first)
        const { outputs } = runNow(inputs)
        for (const { tensor } of [...inputs, ...outputs]) {
          all.push([tensor, Uint8Array.from(binaryOf(tensor))])
        }
        assertSame(outputs, models.rows.expected(inputs))
      }
      for (const [tensor, bytes] of all) assert.deepEqual(Uint8Array.from(binaryOf(tensor)), bytes)
    })
  })

  test('refuses what a run in a thread refuses, with the same words', () => {
    const { runtime, models } = opened()
    return using(runtime, models.refusing, async (model) => {
      const runNow = runNowOf(model)
      const { inputs, refused } = models.refusing
      const { outputs } = await run(model, inputs)
      const told = await run(model, refused).catch((thrown: unknown) => thrown)
      assert.ok(told instanceof ServingError)
      for (let round = 0; round < 4; round++) {
        assert.throws(
          () => runNow(refused),
          (thrown: ServingError) => {
            assert.deepEqual([thrown.reason, thrown.message], [told.reason, told.message])
            return true
          },
        )
        for (let again = 0; again < round; again++) assertSame(runNow(inputs).outputs, outputs)
      }
    })
  })

  test('runs while threads run the same model', () => {
    const { runtime, models } = opened()
    return using(runtime, models.rows, async (model) => {
      const runNow = runNowOf(model)
      for (let round = 0; round < 50; round++) {
        const threads = Array.from({ length: runtime.threads }, (_, thread) => {
          const inputs = models.rows.inputs(1 + (round % 3), 100 * round + 10 * thread)
          return { inputs, answer: run(model, inputs, { thread }) }
        })
        const inputs = models.rows.inputs(2, 7 * round)
        assertSame(runNow(inputs).outputs, models.rows.expected(inputs))
        for (const { inputs, answer } of threads) {
          assertSame((await answer).outputs, models.rows.expected(inputs))
        }
      }
    })
  })

  test('is left out for a model whose runs may not end', async () => {
    const { runtime, models } = opened()
    const others: (Fixture | undefined)[] = [models.endless, models.stream]
    for (const fixture of others) {
      if (fixture === undefined) continue
      await using(runtime, fixture, async ({ runNow }) => assert.equal(runNow, undefined))
    }
  })

  test('leaves nothing behind when all is disposed of, and when it is closed', async () => {
    const { models } = opened()
    const own = await open()
    try {
      await using(own, models.rows, (one) =>
        using(own, models.rows, async (other) => {
          for (const model of [one, other, one]) {
            for (let rows = 0; rows < 100; rows++) runNowOf(model)(models.rows.inputs(rows, rows))
          }
        }),
      )
      await using(own, models.refusing, async (model) => {
        runNowOf(model)(models.refusing.inputs)
        assert.throws(() => runNowOf(model)(models.refusing.refused))
      })
      nothingLeft?.(own, 'disposed')
    } finally {
      await own.close()
    }
    nothingLeft?.(own, 'closed')
  })
}

function runNowOf(model: Executable): RunNow {
  const { runNow } = model
  assert.ok(runNow !== undefined, 'a model that can, or a reason to skip it')
  return (inputs, outputs) => {
    const request = requestOf(model, inputs)
    return runNow(outputs === undefined ? request : { ...request, outputs })
  }
}
