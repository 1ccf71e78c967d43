/**
 * What every runtime must do, as tests: a new runtime passes this suite, and adds what is its own.
 * It is given models that show each ability; one without a model for it is skipped, with a reason.
 */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Call } from '../call.ts'
import { defaultModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { ModelSource } from '../model-source.ts'
import type { Signature } from '../signature.ts'
import { binaryOf, type NamedTensor } from '../tensor/index.ts'
import type { Executable, RunRequest, RunResult, Runtime } from './runtime.ts'

/** A model that a runtime can load: the name and the path it is loaded by. */
export interface Fixture {
  readonly name: string
  readonly path: string
}

/** A model whose answer is known. */
export interface RowsFixture extends Fixture {
  readonly signature: Signature
  /** Inputs of so many rows, with values that begin at `first` and are all different. */
  readonly inputs: (rows: number, first: number) => readonly NamedTensor[]
  /** The answer to these inputs, in the order of the signature. */
  readonly expected: (inputs: readonly NamedTensor[]) => readonly NamedTensor[]
}

export interface ContractModels {
  /** Has two outputs at least, and a dynamic first axis. */
  readonly rows: RowsFixture
  /** A run of it goes on until it is stopped. */
  readonly endless?: Fixture & { readonly inputs: readonly NamedTensor[] }
  /** Streams: gives so many answers to `inputs`, told apart by `values`. */
  readonly stream?: Fixture & {
    readonly inputs: readonly NamedTensor[]
    readonly values: readonly number[]
  }
  /** No file, or one that is no model. */
  readonly unreadable: readonly Fixture[]
  /** A model that this runtime does not know how to run. */
  readonly unsupported: readonly Fixture[]
}

export interface Contract<R extends Runtime> {
  readonly open: () => Promise<R>
  /** Called once, before anything is loaded. */
  readonly models: () => ContractModels | Promise<ContractModels>
  /** Why a test of this name does not apply. */
  readonly skip?: Readonly<Partial<Record<'endless' | 'stream', string>>>
  /** Fails if something is left: after every executable is disposed of, and after closing. */
  readonly nothingLeft?: (runtime: R, when: 'disposed' | 'closed') => void
}

export function describeRuntime<R extends Runtime>(name: string, contract: Contract<R>): void {
  const { open, skip = {}, nothingLeft } = contract
  describe(`the contract of a runtime: ${name}`, () => {
    let runtime: R
    let models: ContractModels

    before(async () => {
      models = await contract.models()
      runtime = await open()
    })
    after(() => runtime.close())

    /** Loads a model, and disposes of it whatever happens. */
    async function using(fixture: Fixture, body: (model: Executable) => Promise<void>) {
      const model = await load(runtime, fixture)
      try {
        await body(model)
      } finally {
        await model.dispose()
      }
    }

    it('can be handed one run at least', () => assert.ok(runtime.capacity >= 1))

    it('tells the signature and the platform before anything has run', () =>
      using(models.rows, async (model) => {
        assert.deepEqual(model.signature, models.rows.signature)
        assert.notEqual(model.platform, '')
        assert.notEqual(model.provider, '')
        assert.deepEqual(model.warnings, [])
      }))

    it('answers rows in the order given, whatever their number', () =>
      using(models.rows, async (model) => {
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
      using(models.rows, async (model) => {
        const inputs = models.rows.inputs(0, 1)
        assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
      }))

    it('gives each of many runs at once its own answer', () =>
      using(models.rows, async (model) => {
        for (let round = 0; round < 20; round++) {
          const inputs = Array.from({ length: runtime.capacity }, (_, index) =>
            models.rows.inputs(1 + ((index + round) % 4), 1000 * round + 10 * index),
          )
          const answers = await Promise.all(inputs.map((each) => run(model, each)))
          answers.forEach(({ outputs }, index) => {
            assertSame(outputs, models.rows.expected(inputs[index]!))
          })
        }
      }))

    it('returns the outputs asked for only, in the order asked for', () =>
      using(models.rows, async (model) => {
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
      using(models.rows, async (model) => {
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
      using(models.rows, async (model) => {
        const { inputMs, runMs, outputMs } = await run(model, models.rows.inputs(1, 1))
        for (const ms of [inputMs, runMs, outputMs]) assert.ok(Number.isFinite(ms) && ms >= 0)
      }))

    it('stops the run of a call that ends, and runs the next well', {
      skip: skip.endless ?? false,
    }, async () => {
      const endless = models.endless
      assert.ok(endless !== undefined, 'a model for this, or a reason to skip it')
      await using(endless, async (model) => {
        for (let round = 0; round < 3; round++) {
          const calls = Array.from({ length: runtime.capacity }, () => callOf())
          const outcomes: Promise<PromiseSettledResult<RunResult>[]> = Promise.allSettled(
            calls.map((call) => run(model, endless.inputs, { call })),
          )
          setTimeout(() => {
            for (const call of calls) call.cancel()
          }, 5 * round)
          for (const outcome of await outcomes) {
            assert.equal(outcome.status, 'rejected')
            assert.equal((outcome as PromiseRejectedResult).reason.reason, 'CANCELLED')
          }
        }
        await using(models.rows, async (rows) => {
          for (let index = 0; index < 2 * runtime.capacity; index++) {
            const inputs = models.rows.inputs(2, index)
            assertSame((await run(rows, inputs)).outputs, models.rows.expected(inputs))
          }
        })
      })
    })

    it('fails with the reason of the call when that had ended before', () =>
      using(models.rows, async (model) => {
        const call = callOf()
        call.cancel()
        const inputs = models.rows.inputs(1, 1)
        const outcome = await run(model, inputs, { call }).catch((thrown: unknown) => thrown)
        // a run that is over before it can be stopped has a right answer
        if (outcome instanceof ServingError) assert.equal(outcome, call.ended)
        else assertSame((outcome as RunResult).outputs, models.rows.expected(inputs))
        assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
      }))

    it('refuses what is no model, and what it cannot run, and loads others after', async () => {
      for (const [reason, fixtures] of [
        ['MODEL_UNREADABLE', models.unreadable],
        ['MODEL_UNSUPPORTED', models.unsupported],
      ] as const) {
        for (const fixture of fixtures) {
          const outcome = await load(runtime, fixture).catch((thrown: unknown) => thrown)
          assert.ok(outcome instanceof ServingError, `${fixture.path}: ${outcome}`)
          assert.equal(outcome.reason, reason, `${fixture.path}: ${outcome.message}`)
          assert.ok(!outcome.message.includes(fixture.path), 'no path in a message')
        }
      }
      await using(models.rows, async (model) => {
        const inputs = models.rows.inputs(2, 3)
        assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
      })
    })

    it('holds one model twice, and one still runs when the other is disposed of', () =>
      using(models.rows, async (kept) => {
        const gone = await load(runtime, models.rows)
        await gone.dispose()
        const inputs = models.rows.inputs(2, 9)
        assertSame((await run(kept, inputs)).outputs, models.rows.expected(inputs))
      }))

    it('streams every answer in order, and stops where it is left', {
      skip: skip.stream ?? false,
    }, async () => {
      const fixture = models.stream
      assert.ok(fixture !== undefined, 'a model for this, or a reason to skip it')
      await using(fixture, async (model) => {
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

    it('leaves nothing behind when all is disposed of, and when it is closed', async () => {
      const own = await open()
      try {
        const executables: Executable[] = []
        for (let index = 0; index < 3; index++) executables.push(await load(own, models.rows))
        await Promise.all(executables.map((model) => run(model, models.rows.inputs(2, 1))))
        await Promise.all(executables.map((model) => model.dispose()))
        nothingLeft?.(own, 'disposed')
      } finally {
        await own.close()
      }
      nothingLeft?.(own, 'closed')
    })
  })
}

const load = (runtime: Runtime, fixture: Fixture): Promise<Executable> =>
  runtime.load(sourceOf(fixture))

const sourceOf = ({ name, path }: Fixture): ModelSource => ({
  name,
  version: '1',
  folder: dirname(path),
  path,
  config: defaultModelConfig,
})

const callOf = () => new Call({ requestId: 'contract' })

const requestOf = (model: Executable, inputs: readonly NamedTensor[]): RunRequest => ({
  inputs,
  outputs: model.signature.outputs.map(({ name }) => name),
})

function run(
  model: Executable,
  inputs: readonly NamedTensor[],
  { outputs, call = callOf() }: { outputs?: readonly string[]; call?: Call } = {},
): Promise<RunResult> {
  const request = requestOf(model, inputs)
  return model.run(outputs === undefined ? request : { ...request, outputs }, call)
}

const firstOf = (outputs: readonly NamedTensor[]) => Number(outputs[0]!.tensor.data[0])

function assertSame(actual: readonly NamedTensor[], expected: readonly NamedTensor[]): void {
  assert.deepEqual(actual.map(plain), expected.map(plain))
}

const plain = ({ name, tensor }: NamedTensor) => ({
  name,
  datatype: tensor.datatype,
  shape: [...tensor.shape],
  bytes: Buffer.from(binaryOf(tensor)).toString('hex'),
})
