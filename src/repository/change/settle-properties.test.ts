/** What holds of `settle` whatever a repository looks like from one scan to the next. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { defaultModelConfig } from '../../config/index.ts'
import { fail, ServingError } from '../../errors.ts'
import type { FoundModel, VersionSpec } from '../../model-spec.ts'
import type { Scan } from '../source.ts'
import { SETTLE_MS, type Settling, settle } from './settle.ts'

const ROOTS = ['/r', '/s']
const WALL = 1_700_000_000_000

const version = (number: string): fc.Arbitrary<VersionSpec> =>
  fc.record({
    version: fc.constant(number),
    fingerprint: fc.constantFrom('a', 'b'),
    path: fc.constant(`/${number}/model.onnx`),
    sealed: fc.boolean(),
  })

const model = (name: string): fc.Arbitrary<FoundModel | undefined> =>
  fc
    .record({
      root: fc.constantFrom(...ROOTS),
      kind: fc.constantFrom('model', 'model', 'model', 'broken', 'gone'),
      numbers: fc.subarray(['1', '2', '10']),
      latest: fc.constantFrom(1, 2),
    })
    .chain(({ root, kind, numbers, latest }): fc.Arbitrary<FoundModel | undefined> => {
      if (kind === 'gone') return fc.constant(undefined)
      if (kind === 'broken') {
        return fc.constant({ name, root, spec: fail('MODEL_UNREADABLE', { problem: 'wrong' }) })
      }
      return fc.tuple(...numbers.map(version)).map((versions) => ({
        name,
        root,
        spec: {
          name,
          folder: `${root}/${name}`,
          config: { ...defaultModelConfig, versions: { latest } },
          // told, so that nothing is acted on at once because nothing configures it
          configChangedAt: Number.MAX_SAFE_INTEGER,
          versions,
          warnings: [],
        },
      }))
    })

const scan: fc.Arbitrary<Scan> = fc
  .record({ models: fc.tuple(model('a'), model('b')), lost: fc.subarray(ROOTS) })
  .map(({ models, lost }) => ({
    models: models.filter((one) => one !== undefined && !lost.includes(one.root)) as FoundModel[],
    lost: lost.map((root) => ({ root, why: 'gone' })),
  }))

/** Scans, how often each is repeated, and the times between them. */
const history = fc
  .array(
    fc.tuple(
      scan,
      fc.array(fc.constantFrom(1, 900, 1_100, 2_000, 15_000), { minLength: 1, maxLength: 4 }),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.flatMap(([one, times]) => times.map((ms) => ({ scan: one, ms }))))

const momentAt = (nowMs: number) => ({ beganMs: nowMs, endedMs: nowMs, wallMs: WALL + nowMs })

interface Step {
  readonly scan: Scan
  readonly nowMs: number
  readonly answer: readonly FoundModel[]
  readonly again: number | undefined
}

function run(scans: readonly { readonly scan: Scan; readonly ms: number }[]): {
  readonly steps: readonly Step[]
  readonly state: Settling | undefined
} {
  let state: Settling | undefined
  let nowMs = 0
  const steps = scans.map(({ scan, ms }) => {
    nowMs += ms
    const settled = settle(state, scan, momentAt(nowMs))
    state = settled.state
    return { scan, nowMs, answer: settled.models, again: settled.lookAgainInMs }
  })
  return { steps, state }
}

const named = (models: readonly FoundModel[], name: string) =>
  models.find((one) => one.name === name)

/** What a model is, but for its versions; by value. */
function whole(found: FoundModel | undefined): unknown {
  if (found === undefined) return 'gone'
  const { root, spec } = found
  return spec instanceof ServingError ? [root, spec.message] : [root, spec.config]
}

const versionOf = (found: FoundModel | undefined, number: string): VersionSpec | undefined =>
  found === undefined || found.spec instanceof ServingError
    ? undefined
    : found.spec.versions.find((one) => one.version === number)

const print = (found: FoundModel | undefined, number: string): unknown => [
  found?.root,
  versionOf(found, number)?.fingerprint,
]

/** Whether something was the same for long enough up to a step. */
function stood(steps: readonly Step[], to: number, lookAt: (scan: Scan) => unknown): boolean {
  const what = lookAt(steps[to]!.scan)
  let from = to
  while (from > 0 && isDeepStrictEqual(lookAt(steps[from - 1]!.scan), what)) from -= 1
  return steps[to]!.nowMs - steps[from]!.nowMs >= SETTLE_MS
}

/** What was acted on of each model at each step, and what at the one before. */
function* answersOf(steps: readonly Step[]) {
  for (const [index, { answer }] of steps.entries()) {
    const before = steps[index - 1]?.answer ?? []
    for (const name of names)
      yield { index, name, now: named(answer, name), was: named(before, name) }
  }
}

const names = ['a', 'b']
const numbers = ['1', '2', '10']

it('what is not sealed is acted on only after it was seen unchanged', () => {
  let acted = 0
  fc.assert(
    fc.property(history, (scans) => {
      const { steps } = run(scans)
      for (const { index, name, now, was } of answersOf(steps)) {
        const isTold = index === 0 && (now === undefined || now.spec instanceof ServingError)
        if (!isDeepStrictEqual(whole(now), whole(was)) && !isTold) {
          acted += 1
          assert.ok(
            stood(steps, index, ({ models }) => whole(named(models, name))),
            'the model',
          )
        }
        for (const number of numbers) {
          const version = versionOf(now, number)
          if (version === undefined || version.sealed) continue
          if (isDeepStrictEqual(print(now, number), print(was, number))) continue
          acted += 1
          assert.ok(
            stood(steps, index, ({ models }) => print(named(models, name), number)),
            'the version',
          )
        }
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(acted > 500, `${acted} changes were acted on`)
})

it('a version that is gone is dropped only after it was gone, or with its model', () => {
  let dropped = 0
  fc.assert(
    fc.property(history, (scans) => {
      const { steps } = run(scans)
      for (const { index, name, now, was } of answersOf(steps)) {
        if (now?.root !== was?.root || now?.spec instanceof ServingError) continue
        for (const number of numbers) {
          if (versionOf(was, number) === undefined || versionOf(now, number)) continue
          dropped += 1
          assert.ok(
            stood(
              steps,
              index,
              ({ models }) => versionOf(named(models, name), number) === undefined,
            ),
          )
        }
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(dropped > 100, `${dropped} versions were dropped`)
})

it('what stays as it is is acted on in the end, by looking again when that is said', () => {
  fc.assert(
    fc.property(history, scan, (scans, last) => {
      const here = { ...last, lost: [] }
      let { state } = run(scans)
      let nowMs = 1e9
      for (let looks = 0; looks < 4; looks++) {
        const settled = settle(state, here, momentAt(nowMs))
        state = settled.state
        if (settled.lookAgainInMs === undefined) {
          assert.deepEqual(settled.models.map(essence), here.models.map(essence))
          return
        }
        assert.ok(settled.lookAgainInMs > 0 && settled.lookAgainInMs <= SETTLE_MS)
        nowMs += settled.lookAgainInMs
      }
      assert.fail('it never stands')
    }),
    { numRuns: 2_000 },
  )
})

it('models of a lost root stay the very ones they were', () => {
  fc.assert(
    fc.property(history, (scans) => {
      const { steps } = run(scans)
      for (const [index, { scan, answer }] of steps.entries()) {
        for (const { root } of scan.lost) {
          for (const was of steps[index - 1]?.answer ?? []) {
            if (was.root === root) assert.equal(named(answer, was.name), was)
          }
        }
      }
    }),
    { numRuns: 1_000 },
  )
})

it('a model has each version once, oldest first, and models are in the order of names', () => {
  fc.assert(
    fc.property(history, (scans) => {
      for (const { answer } of run(scans).steps) {
        const told = answer.map(({ name }) => name)
        assert.deepEqual(
          told,
          names.filter((name) => told.includes(name)),
        )
        for (const found of answer) {
          if (found.spec instanceof ServingError) continue
          const inOrder = found.spec.versions.map((one) => one.version)
          assert.deepEqual(
            inOrder,
            numbers.filter((number) => inOrder.includes(number)),
          )
        }
      }
    }),
    { numRuns: 1_000 },
  )
})

/** All that may be acted on. */
function essence(found: FoundModel): unknown {
  const versions = numbers.map((number) => print(found, number))
  return [found.name, whole(found), versions]
}
