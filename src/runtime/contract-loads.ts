/** What every runtime must do when it loads, estimates and lets go: a part of `contract.ts`. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { it } from 'node:test'
import { ServingError } from '../errors.ts'
import {
  assertSame,
  type Contract,
  type ContractModels,
  load,
  nextTurn,
  run,
  sourceOf,
  using,
} from './contract-fixtures.ts'
import type { Executable, Runtime } from './runtime.ts'

/** `opened` is asked while tests run. */
export function testLoads<R extends Runtime>(
  { open, nothingLeft }: Contract<R>,
  opened: () => { readonly runtime: R; readonly models: ContractModels },
): void {
  it('tells what it read with its digest, and what memory it takes', async () => {
    const { runtime, models } = opened()
    await using(runtime, models.rows, async (model) => {
      const bytes = await readFile(models.rows.path)
      assert.deepEqual(model.files[0], {
        path: basename(models.rows.path),
        bytes: bytes.byteLength,
        sha256: digestOf(bytes),
      })
      for (const each of [await runtime.estimate(sourceOf(models.rows)), model.memoryBytes]) {
        assert.ok(each >= bytes.byteLength, `${each} bytes hold the file`)
        assert.ok(each <= 10 * bytes.byteLength + 2 ** 20, `${each} bytes are not too many`)
      }
    })
  })

  it('refuses a file that the lock does not list, or lists with another digest', async () => {
    const { runtime, models } = opened()
    const source = sourceOf(models.rows)
    const file = basename(source.path)
    for (const lock of [new Map(), new Map([[file, '0'.repeat(64)]])]) {
      await assert.rejects(runtime.load({ ...source, lock }), (thrown: ServingError) => {
        assert.equal(thrown.reason, 'DIGEST_MISMATCH')
        assert.equal(thrown.facts.file, file)
        return true
      })
    }
    const lock = new Map([[file, digestOf(await readFile(source.path))]])
    const model = await runtime.load({ ...source, lock })
    await model.dispose()
  })

  it('gives a load up at once, with the reason, and loads others', async () => {
    const { models } = opened()
    const own = await open()
    const reason = new Error('no longer wanted')
    const source = sourceOf(models.rows)
    try {
      await assert.rejects(own.load(source, AbortSignal.abort(reason)), reason)
      for (let turns = 1; turns < 2000; turns *= 4) {
        const giveUp = new AbortController()
        const outcome = own.load(source, giveUp.signal).catch((thrown: unknown) => thrown)
        for (let turn = 0; turn < turns; turn++) await nextTurn()
        giveUp.abort(reason)
        const told = await Promise.race([outcome, nextTurn()])
        if (told === reason) continue
        assert.ok(told !== undefined, 'it is told in the same turn')
        await (told as Executable).dispose() // it was ready before it was given up
      }
      await (await own.load(source)).dispose()
    } finally {
      await own.close()
    }
    nothingLeft?.(own, 'closed')
  })

  it('refuses what is no model, and what it cannot run, and loads others after', async () => {
    const { runtime, models } = opened()
    for (const [reason, fixtures] of [
      ['MODEL_UNREADABLE', models.unreadable],
      ['MODEL_UNSUPPORTED', models.unsupported],
    ] as const) {
      for (const fixture of fixtures) {
        const outcome = await load(runtime, fixture).catch((thrown: unknown) => thrown)
        assert.ok(outcome instanceof ServingError, `${fixture.path}: ${outcome}`)
        assert.equal(outcome.reason, reason, `${fixture.path}: ${outcome.message}`)
        assert.ok(!outcome.message.includes(fixture.path), 'no path in a message')
        const estimate = await runtime.estimate(sourceOf(fixture)).catch((thrown) => thrown)
        if (estimate instanceof ServingError) assert.equal(estimate.reason, 'MODEL_UNREADABLE')
        else assert.ok(estimate >= 0)
      }
    }
    await using(runtime, models.rows, async (model) => {
      const inputs = models.rows.inputs(2, 3)
      assertSame((await run(model, inputs)).outputs, models.rows.expected(inputs))
    })
  })

  it('holds one model twice, and one still runs when the other is disposed of', async () => {
    const { runtime, models } = opened()
    await using(runtime, models.rows, async (kept) => {
      const gone = await load(runtime, models.rows)
      await gone.dispose()
      const inputs = models.rows.inputs(2, 9)
      assertSame((await run(kept, inputs)).outputs, models.rows.expected(inputs))
    })
  })

  it('leaves nothing behind when all is disposed of, and when it is closed', async () => {
    const { models } = opened()
    const own = await open()
    try {
      const loading = Array.from({ length: 3 }, () => load(own, models.rows))
      const executables = await Promise.all(loading)
      const runs = executables.map((model, index) =>
        run(model, models.rows.inputs(2, 1), { thread: index % own.threads }),
      )
      await Promise.all(runs)
      await Promise.all(executables.map((model) => model.dispose()))
      nothingLeft?.(own, 'disposed')
    } finally {
      await own.close()
    }
    nothingLeft?.(own, 'closed')
  })
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
