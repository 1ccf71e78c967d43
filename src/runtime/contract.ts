/**
 * What every runtime must do, as tests: a new runtime passes this suite, and adds what is its own.
 * It is given models that show each ability; one without a model for it is skipped, with a reason.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ServingError } from '../errors.ts'
import { binaryOf } from '../tensor/index.ts'
import {
  assertSame,
  type Contract,
  type ContractModels,
  callOf,
  firstOf,
  requestOf,
  run,
  using,
} from './contract-fixtures.ts'
import { testLoads } from './contract-loads.ts'
import { testRunsNow } from './contract-now.ts'
import { testThreads } from './contract-threads.ts'
import type { RunResult, Runtime } from './runtime.ts'

export function describeRuntime<R extends Runtime>(name: string, contract: Contract<R>): void {
  const { open, skip = {} } = contract
  describe(`the contract of a runtime: ${name}`, () => {
    let runtime: R
    let models: ContractModels

    before(async () => {
      models = await contract.models()
      runtime = await open()
    })
    after(() => runtime.close())

    it('can be handed one run at least', () => assert.ok(capacityOf(runtime) >= 1))

    it('tells the signature and the platform before anything has run', () =>
      using(runtime, models.rows, async (model) => {
        assert.deepEqual(model.signature, models.rows.signature)
        assert.notEqual(model.platform, '')
        assert.notEqual(model.provider, '')
        assert.deepEqual(model.warnings, [])
      }))

    it('answers rows in the order given, whatever their number', () =>
      using(runtime, models.rows, async (model) => {
        for (const [rows, first] of [
          [1, 1],
          [3, 10],
          [2, 40],
          [7, 100],
          [1, 90],
        ] as const) {
          const inputs = models.rows.inputs(rows, first)
          assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
        }
      }))

    it('answers no rows with no rows', () =>
      using(runtime, models.rows, async (model) => {
        const inputs = models.rows.inputs(0, 1)
        assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
      }))

    it('gives each of many runs at once its own answer', () =>
      using(runtime, models.rows, async (model) => {
        for (let round = 0; round < 20; round++) {
          const inputs = Array.from({ length: capacityOf(runtime) }, (_, index) =>
            models.rows.inputs(1 + ((index + round) % 4), 1000 * round + 10 * index),
          )
          const answers = await Promise.all(
            inputs.map((each, index) => run(model, each, { thread: index % runtime.threads })),
          )
          answers.forEach(({ outputs }, index) => {
            assertSame(outputs, models.rows.expected(inputs[index]!))
          })
        }
      }))

    it('returns the outputs asked for only, in the order asked for', () =>
      using(runtime, models.rows, async (model) => {
        const inputs = models.rows.inputs(3, 5)
        const all = models.rows.expected(inputs)
        assert.ok(all.length >= 2, 'the fixture has two outputs')
        const backwards = [...all].reverse()
        const names = backwards.map((output) => output.name)
        assertSame((await run(model, inputs, { outputs: names })).outputs, backwards)
        for (const output of all) {
          const alone = await run(model, inputs, { outputs: [output.name] })
          assertSame(alone.outputs, [output])
        }
      }))

    it('does not change the memory of its inputs, and gives answers memory of their own', () =>
      using(runtime, models.rows, async (model) => {
        const inputs = models.rows.inputs(4, 7)
        const copies = inputs.map(({ tensor }) => Uint8Array.from(binaryOf(tensor)))
        const first = await run(model, inputs)
        const kept = first.outputs.map(({ tensor }) => Uint8Array.from(binaryOf(tensor)))
        await run(model, models.rows.inputs(4, 70))
        inputs.forEach(({ tensor }, index) => {
          assert.deepEqual(Uint8Array.from(binaryOf(tensor)), copies[index])
        })
        first.outputs.forEach(({ tensor }, index) => {
          assert.deepEqual(Uint8Array.from(binaryOf(tensor)), kept[index])
        })
      }))

    it('measures its time', () =>
      using(runtime, models.rows, async (model) => {
        const { inputMs, runMs, outputMs } = await run(model, models.rows.inputs(1, 1))
        for (const ms of [inputMs, runMs, outputMs]) assert.ok(Number.isFinite(ms) && ms >= 0)
      }))

    it('stops the run of a call that ends, and runs the next well', {
      skip: skip.endless ?? false,
    }, async () => {
      const endless = models.endless
      assert.ok(endless !== undefined, 'a model for this, or a reason to skip it')
      await using(runtime, endless, async (model) => {
        for (let round = 0; round < 3; round++) {
          const calls = Array.from({ length: capacityOf(runtime) }, () => callOf())
          const outcomes: Promise<PromiseSettledResult<RunResult>[]> = Promise.allSettled(
            calls.map((call, index) =>
              run(model, endless.inputs, { call, thread: index % runtime.threads }),
            ),
          )
          setTimeout(() => {
            for (const call of calls) call.cancel()
          }, 5 * round)
          for (const outcome of await outcomes) {
            assert.equal(outcome.status, 'rejected')
            assert.equal((outcome as PromiseRejectedResult).reason.reason, 'CANCELLED')
          }
        }
        await using(runtime, models.rows, async (rows) => {
          for (let index = 0; index < 2 * capacityOf(runtime); index++) {
            const inputs = models.rows.inputs(2, index)
            const { outputs } = await run(rows, inputs, { thread: index % runtime.threads })
            assertSame(outputs, models.rows.expected(inputs))
          }
        })
      })
    })

    it('refuses what a model refuses, and runs the next well', () =>
      using(runtime, models.refusing, async (model) => {
        const { inputs, refused } = models.refusing
        const { outputs } = await run(model, inputs)
        await assert.rejects(run(model, refused), { reason: 'RUN_REFUSED' })
        assertSame((await run(model, inputs)).outputs, outputs)
      }))

    it('fails with the reason of the call when that had ended before', () =>
      using(runtime, models.rows, async (model) => {
        const call = callOf()
        call.cancel()
        const inputs = models.rows.inputs(1, 1)
        const outcome = await run(model, inputs, { call }).catch((thrown: unknown) => thrown)
        // a run that is over before it can be stopped has a right answer
        if (outcome instanceof ServingError) assert.equal(outcome, call.ended)
        else assertSame((outcome as RunResult).outputs, models.rows.expected(inputs))
        assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
      }))

    it('streams every answer in order, and stops where it is left', {
      skip: skip.stream ?? false,
    }, async () => {
      const fixture = models.stream
      assert.ok(fixture !== undefined, 'a model for this, or a reason to skip it')
      await using(runtime, fixture, async (model) => {
        assert.equal(model.signature.streams, true)
        const { stream } = model
        assert.ok(stream !== undefined)
        const request = requestOf(model, fixture.inputs)
        const seen: number[] = []
        for await (const { outputs } of stream(request, callOf())) seen.push(firstOf(outputs))
        assert.deepEqual(seen, fixture.values)

        for await (const { outputs } of stream(request, callOf())) {
          assert.equal(firstOf(outputs), fixture.values[0])
          break
        }
        const call = callOf()
        const ending = stream(request, call)[Symbol.asyncIterator]()
        await ending.next()
        call.cancel()
        await assert.rejects(ending.next(), { reason: 'CANCELLED' })
      })
    })

    const opened = () => ({ runtime, models })
    testThreads(contract, opened)
    testRunsNow(contract, opened)
    testLoads(contract, opened)
  })
}

const capacityOf = ({ threads, placesPerThread }: Runtime): number => threads * placesPerThread
