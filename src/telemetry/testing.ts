/** Metrics for tests, with a clock to move, and what there is to count. */
import type { TestContext } from 'node:test'
import { HandClock } from '../clock.ts'
import type { ErrorCode } from '../errors.ts'
import type { RequestEvent } from '../events.ts'
import type { ExecutorFigures, Fleet, LoadedExecutors, ScalingInputs } from '../executor-figures.ts'
import { Metrics } from './metrics.ts'

export function setUp(t: TestContext) {
  const clock = new HandClock()
  const loop = { active: 0, idle: 0 }
  const loopTime = () => ({ ...loop })
  const metrics = new Metrics({ version: '1.2.3', clock, wallNow: () => 1234, loopTime })
  t.after(() => metrics.close())
  const page = async () => (await metrics.render()).body
  return {
    metrics,
    clock,
    /** For which the event loop was busy, and was not, in milliseconds. */
    loop,
    page,
    contentType: async () => (await metrics.render()).contentType,
    async series() {
      const lines = (await page()).split('\n').filter((line) => line !== '' && line[0] !== '#')
      const values = new Map(
        lines.map((line) => {
          const end = line.lastIndexOf(' ')
          return [line.slice(0, end), Number(line.slice(end + 1))]
        }),
      )
      return (name: string) => values.get(name)
    },
  }
}

export function request(of: {
  error?: ErrorCode
  rows?: number
  durationMs?: number
  queueMs?: number
  inputMs?: number
  runMs?: number
  outputMs?: number
}): RequestEvent {
  const { error, rows = 1, durationMs = 1, queueMs = 0, inputMs = 0, runMs = 0, outputMs = 0 } = of
  const timing = error === undefined ? { queueMs, inputMs, runMs, outputMs } : undefined
  return { kind: 'request', model: 'iris', version: '1', error, rows, durationMs, timing }
}

interface SomeLoaded {
  readonly model: string
  readonly executors?: number
  readonly limits?: ExecutorFigures['limits']
  readonly arrived?: () => number
}

export const loadedOf = ({
  model,
  executors = 1,
  limits = [],
  arrived,
}: SomeLoaded): LoadedExecutors => ({
  model,
  version: '1',
  sloMs: undefined,
  executors,
  figures: () => ({
    arrivedRows: arrived?.() ?? 0,
    oldestWaitMs: 0,
    best: { rows: 4, ms: 20 },
    limits,
  }),
})

export const fleetOf = (all: readonly LoadedExecutors[]): Fleet => ({
  threads: 4,
  loaded: () => all,
  explain: () =>
    all.slice(0, 1).map(({ model, version, executors }) => ({
      ...{ model, version, executors, minimum: 1, maximum: 9, dryRun: true },
      decision: { executors: 7, why: 'load', inputs: {} as ScalingInputs },
    })),
})
