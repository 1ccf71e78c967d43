/** Executors over a model whose runs end when a test says so. */
import assert from 'node:assert/strict'
import { Call, type Scheduling } from '../call.ts'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { Executable, RunRequest, RunResult } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import type { CostPoint } from './cost-model.ts'
import { Scheduler } from './index.ts'

export interface Run {
  /** The first value of the first input. */
  readonly value: number
  /** All of them. */
  readonly values: readonly number[]
  readonly thread: number
  readonly wanted: readonly string[]
  stopped(): boolean
  isOpen(): boolean
  gave(): boolean
  succeed(result?: Partial<RunResult>): void
  fail(error: Error): void
}

interface OnLoop {
  readonly poison?: number
  /** Told after each run. */
  readonly ran?: () => void
}

export interface SetUp {
  readonly capacity?: number
  readonly maxWaiting?: number
  /** A model that streams so many. */
  readonly answers?: number
  /** A stream that fails after its answers. */
  readonly failing?: boolean
  /** A stream that does not go on after its answers until it is let go. */
  readonly hanging?: boolean
  readonly clock?: HandClock
  readonly scheduler?: Scheduler
  /** Of each thread. */
  readonly places?: number
  /** As in model.yaml. */
  readonly yaml?: string
  /** Requests share runs, which take so long. */
  readonly joined?: readonly CostPoint[] | undefined
  /** What runs are known to take where they are not shared. */
  readonly known?: readonly CostPoint[]
  /** Runs may happen on the event loop; one that holds this value fails. */
  readonly onLoop?: OnLoop
}

export function setUp({ capacity = 4, maxWaiting = 8, answers, ...more }: SetUp) {
  const clock = more.clock ?? new HandClock()
  const scheduler = more.scheduler ?? schedulerOf({ capacity, maxWaiting, clock, ...more })
  const { dispatcher } = scheduler
  const runs: Run[] = []
  const loopRuns: number[][] = []
  const events: Event[] = []
  const hold = Promise.withResolvers<void>()
  const source = { given: 0, returned: 0, letGo: hold.resolve }
  const signature: Signature = {
    inputs: [{ name: 'x', datatype: 'INT32', shape: [-1], axes: ['batch'] }],
    outputs: [
      { name: 'y', datatype: 'INT32', shape: [-1], axes: ['batch'] },
      { name: 'z', datatype: 'INT32', shape: [-1] },
    ],
    ...(answers === undefined ? {} : { streams: true }),
  }
  const executable: Executable = {
    signature,
    platform: 'test',
    provider: 'test',
    files: [],
    memoryBytes: 0,
    warnings: [],
    run: (request, call, thread) => handRun(runs, request, call, thread),
    ...(more.onLoop && { runNow: (request) => loopRun(loopRuns, request, more.onLoop) }),
    dispose: async () => {},
    ...(answers === undefined ? {} : { stream: () => count(source, answers, more, hold.promise) }),
  }
  const executors = scheduler.executors({
    signature,
    model: 'm',
    version: '3',
    executable,
    config: parseModelConfig(more.yaml ?? `queue: {maxWaiting: ${maxWaiting}}`, 'model.yaml'),
    events: { emit: (event) => void events.push(event) },
  })
  if (more.joined !== undefined) executors.joinable()
  executors.learned(more.joined ?? more.known ?? [], { inputs: [rows('x', [0])] })
  const request = (...values: number[]) => ({ inputs: [rows('x', values)] })
  const askWith = (deadline: number | undefined, values: readonly number[], wish?: Scheduling) => {
    const call = new Call({ requestId: 'r', deadline })
    if (wish !== undefined) call.scheduling = wish
    const answer = executors.predict(request(...values), call)
    answer.catch(() => {}) // whoever cares awaits it
    return { call, answer }
  }
  const ask = Object.assign((...values: number[]) => askWith(undefined, values), {
    until: (deadline: number, ...values: number[]) => askWith(deadline, values),
    as: (wish: Scheduling, ...values: number[]) => askWith(undefined, values, wish),
  })
  return { executors, ask, runs, loopRuns, events, clock, dispatcher, request, source }
}

export function schedulerOf({
  capacity = 4,
  places = 1,
  maxWaiting = 8,
  clock = new HandClock(),
}: Pick<SetUp, 'capacity' | 'places' | 'maxWaiting' | 'clock'>): Scheduler {
  return new Scheduler({
    runtime: { threads: capacity, placesPerThread: places },
    queue: { maxWaiting, maxWaitingBytes: 2 ** 20 },
    clock,
  })
}

/** A run that ends when it is told to. Its output `y` is its input `x`. */
function handRun(
  runs: Run[],
  { inputs, outputs }: RunRequest,
  call: Call,
  thread: number,
): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
  const values = Array.from(inputs[0]!.tensor.data as Int32Array)
  let stopped = false
  let open = true
  let gave = false
  const stopListening = call.onEnd(() => {
    stopped = true
  })
  const end = () => {
    open = false
    stopListening()
  }
  runs.push({
    value: values[0]!,
    values,
    thread,
    wanted: outputs,
    stopped: () => stopped,
    isOpen: () => open,
    gave: () => gave,
    succeed(result) {
      end()
      gave = true
      resolve({ outputs: [rows('y', values)], inputMs: 0, runMs: 0, outputMs: 0, ...result })
    },
    fail(error) {
      end()
      reject(error)
    },
  })
  return promise
}

function loopRun(
  seen: number[][],
  { inputs }: RunRequest,
  { poison, ran = () => {} }: OnLoop = {},
): RunResult {
  const values = Array.from(inputs[0]!.tensor.data as Int32Array)
  seen.push(values)
  if (poison !== undefined && values.includes(poison)) throw fail('RUN_REFUSED', { problem: 'no' })
  ran()
  return { outputs: [rows('y', values)], inputMs: 0, runMs: 0.01, outputMs: 0 }
}

async function* count(
  source: { given: number; returned: number },
  answers: number,
  { failing, hanging }: SetUp,
  held: Promise<void>,
) {
  try {
    for (let n = 0; n < answers; n++) {
      source.given += 1
      yield { outputs: [rows('y', [n])], inputMs: 0, runMs: 0, outputMs: 0 }
    }
    if (hanging === true) await held
    if (failing === true) throw fail('RUN_FAILED')
  } finally {
    source.returned += 1
  }
}

export const rows = (name: string, values: readonly number[]): NamedTensor => ({
  name,
  tensor: { datatype: 'INT32', shape: [values.length], data: Int32Array.from(values) },
})

export async function refusalOf(answer: Promise<unknown>): Promise<ServingError> {
  const outcome = await answer.catch((thrown: unknown) => thrown)
  assert.ok(outcome instanceof ServingError, 'it is refused')
  return outcome
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
