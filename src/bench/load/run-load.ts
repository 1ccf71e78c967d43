/** Puts a target under a load once, and measures. */
import type { Clock } from '../../clock.ts'
import { type Schedule, scheduleOf } from '../arrivals/schedule.ts'
import { Recorder } from '../measure/recorder.ts'
import type { Driver } from '../target/driver.ts'
import type { Judge } from '../target/rehearse.ts'
import type { ServerSplit } from '../target/server-split.ts'
import { closedLoop } from './closed-loop.ts'
import type { ClosedLoad, Load, OpenLoad } from './load.ts'
import { openLoop } from './open-loop.ts'
import type { Ask } from './outcome.ts'
import type { Pacer } from './pacer.ts'

export interface RunOptions {
  readonly load: Load
  readonly driver: Driver
  readonly questions: number
  readonly judge: Judge
  readonly sloMs: number | undefined
  readonly clock: Clock
  readonly startPacer: () => Pacer
  /** CPU time of this process so far, in milliseconds. */
  readonly cpuMs: () => number
  /** Told once a second. */
  readonly onProgress: (progress: LoadProgress) => void
  readonly stop: AbortSignal
}

export interface LoadProgress {
  readonly elapsedMs: number
  /** With the warm-up; undefined where no time ends it. */
  readonly ofMs: number | undefined
  readonly recorder: Recorder
}

export interface Run {
  readonly recorder: Recorder
  /** Where the time went in the target; undefined where that does not tell. */
  readonly split: ServerSplit | undefined
  /** CPU time of this process over wall time, while it was counted. */
  readonly cores: number
  /** Requests a second that the schedule had. */
  readonly scheduledRate: number | undefined
}

export async function runLoad(options: RunOptions): Promise<Run> {
  const { load, driver, questions, judge, sloMs, clock, cpuMs, onProgress, stop } = options
  const { timeoutMs, warmUpMs, durationMs } = load
  const schedule = load.kind === 'open' ? scheduleFor(load) : undefined
  const atOnce = warmUpMs === 0 ? await driver.split() : undefined
  // the thread that keeps the time needs a moment to start
  const start = clock.now() + (schedule === undefined ? 0 : headStartMs)
  const countedFrom = start + warmUpMs
  const recorder = new Recorder({ slotMs: slotFor(durationMs), sloMs, countedFrom })
  const ask: Ask = (request, done) => {
    const question = request % questions
    driver.send(question, timeoutMs, (reply) => done(judge(question, reply)))
  }

  let split: Promise<Awaited<ReturnType<Driver['split']>> | undefined> = Promise.resolve(atOnce)
  let cpu = { at: clock.now(), ms: cpuMs() }
  const stopCounting = clock.wakeAt(countedFrom, () => {
    if (atOnce === undefined) split = driver.split()
    cpu = { at: clock.now(), ms: cpuMs() }
  })
  const stopTelling = everySecond(clock, () => {
    const ofMs = durationMs === Infinity ? undefined : warmUpMs + durationMs
    onProgress({ elapsedMs: clock.now() - start, ofMs, recorder })
  })
  const { record } = recorder
  try {
    if (load.kind === 'closed') await runClosed(load, { clock, ask, record, stop })
    else await runOpen(schedule!, load, { ...options, start, ask, record })
  } finally {
    stopCounting()
    stopTelling()
  }
  const cores = (cpuMs() - cpu.ms) / Math.max(1, clock.now() - cpu.at)
  return {
    recorder,
    split: await (await split)?.(),
    cores,
    scheduledRate: schedule && rateOf(schedule, load),
  }
}

function scheduleFor(load: OpenLoad): Schedule {
  const { arrivals } = load
  return scheduleOf({
    ...load,
    arrivals: typeof arrivals === 'string' ? arrivals : arrivals.moments,
  })
}

function runClosed(
  load: ClosedLoad,
  around: Pick<Parameters<typeof closedLoop>[0], 'clock' | 'ask' | 'record' | 'stop'>,
): Promise<void> {
  return closedLoop({ ...load, ...around, queries: load.requests })
}

async function runOpen(
  schedule: Schedule,
  { maxInFlight }: OpenLoad,
  around: Pick<RunOptions, 'clock' | 'stop' | 'startPacer'> &
    Pick<Parameters<typeof openLoop>[0], 'start' | 'ask' | 'record'>,
): Promise<void> {
  const pacer = around.startPacer()
  try {
    await openLoop({ ...around, schedule, maxInFlight, pacer })
  } finally {
    await pacer.stop()
  }
}

function everySecond(clock: Clock, tell: () => void): () => void {
  let next = clock.now() + 1000
  let cancel = () => {}
  const wait = () => {
    cancel = clock.wakeAt(next, () => {
      tell()
      next += 1000
      wait()
    })
  }
  wait()
  return () => cancel()
}

/** Over the time that is asked for, or where none is, over the time that the schedule takes. */
function rateOf({ moments, warmUp, countedFrom }: Schedule, { durationMs }: Load): number {
  const spanMs = durationMs === Infinity ? (moments.at(-1) ?? 0) - countedFrom : durationMs
  return spanMs > 0 ? ((moments.length - warmUp) * 1000) / spanMs : 0
}

/** Enough of them for a curve, and each long enough to hold something. */
function slotFor(durationMs: number): number {
  if (durationMs === Infinity) return 1000
  if (durationMs >= 60_000) return Math.max(1000, durationMs / 600)
  return durationMs >= 15_000 ? 500 : 250
}

const headStartMs = 100
