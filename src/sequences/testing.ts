/**
 * Sequences over a model that adds up, whose runs end when a test says so. It takes `x`, every control
 * and the sum so far, and gives `y`, the new sum, and the id it was told.
 */
import assert from 'node:assert/strict'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { layeredModelConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import {
  type InferenceRequest,
  type InferenceResponse,
  type Predictor,
  streamOfOne,
} from '../predictor.ts'
import type { Signature } from '../signature.ts'
import type { NamedTensor } from '../tensor/index.ts'
import { planSequences } from './plan.ts'
import { sequenced } from './sequenced.ts'

/** What the model is told in one row. */
export interface Told {
  readonly ready: boolean
  readonly start: boolean
  readonly end: boolean
  readonly id: bigint
  readonly x: number
  readonly sum: number
}

export interface Run {
  readonly rows: readonly Told[]
  readonly outputs: readonly string[]
  readonly call: Call
  open: boolean
  succeed(): void
  fail(error: Error): void
}

export const INITIAL = 1000

const row = (name: string, datatype: 'INT32' | 'INT64' | 'UINT64' | 'FP32' | 'BOOL') =>
  ({ name, datatype, shape: [-1, 1] }) as const

export const accumulator: Signature = {
  inputs: [
    row('START', 'INT32'),
    row('x', 'INT64'),
    row('END', 'FP32'),
    row('READY', 'BOOL'),
    row('ID', 'UINT64'),
    row('sum', 'INT64'),
  ],
  outputs: [row('y', 'INT64'), row('id', 'UINT64'), row('sum2', 'INT64')],
}

const controls = [
  { input: 'START', means: 'start', values: [3, 7] },
  { input: 'END', means: 'end', values: [0.5, 1.5] },
  { input: 'READY', means: 'ready' },
  { input: 'ID', means: 'id' },
]
const state = [{ input: 'sum', output: 'sum2', initial: { value: INITIAL } }]

export interface SetUp {
  /** Of `sequences` in a model.yaml. */
  readonly sequences?: Readonly<Record<string, unknown>>
  /** Of the rest of it. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly clock?: HandClock
  readonly version?: string
}

export function setUp({ clock = new HandClock(), version = '1', ...more }: SetUp = {}) {
  const value = {
    sequences: { maxBatchSize: 3, controls, state, ...more.sequences },
    ...more.config,
  }
  const config = layeredModelConfig([{ name: 'model.yaml', value }])
  const told = config.sequences!
  const files = new Map<string, Uint8Array>()
  const plan = planSequences({ model: 'm', signature: accumulator, config: told, files })
  const runs: Run[] = []
  const events: Event[] = []
  const sequences = sequenced({
    model: 'm',
    version,
    inner: handRun(runs, version),
    signature: plan.visible,
    plan,
    config,
    sequences: told,
    queue: { maxWaiting: 64, maxWaitingBytes: 2 ** 20 },
    clock,
    events: { emit: (event) => void events.push(event) },
  })
  return { sequences, runs, events, clock, ask: asking(sequences) }
}

/** `s` starts the sequence, `e` ends it: `ask(7n, 's', 5)`. */
export const asking =
  (predictor: Predictor) =>
  (
    id: bigint | string,
    flags: '' | 's' | 'e' | 'se',
    x: number,
    more: { readonly deadline?: number; readonly queueTimeoutMs?: number } = {},
  ) => {
    const { deadline, queueTimeoutMs } = more
    const call = new Call({ requestId: `${id} ${x}`, deadline })
    call.scheduling = {
      ...(queueTimeoutMs !== undefined && { queueTimeoutMs }),
      sequence: { id, start: flags.includes('s'), end: flags.includes('e') },
    }
    const answer = predictor.predict({ inputs: [int64('x', x)] }, call)
    answer.catch(() => {}) // whoever cares awaits it
    return { call, answer }
  }

export const int64 = (name: string, ...values: readonly number[]): NamedTensor => ({
  name,
  tensor: {
    datatype: 'INT64',
    shape: [values.length, 1],
    data: BigInt64Array.from(values.map(BigInt)),
  },
})

/** `y` of an answer. */
export const sumOf = ({ outputs }: InferenceResponse): number =>
  Number(outputs.find(({ name }) => name === 'y')!.tensor.data[0])

export async function refusalOf(answer: Promise<unknown>): Promise<ServingError> {
  const outcome = await answer.catch((thrown: unknown) => thrown)
  assert.ok(outcome instanceof ServingError, 'it is refused')
  return outcome
}

export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

function handRun(runs: Run[], version: string): Predictor {
  const predictor: Predictor = {
    signature: accumulator,
    predict(request, call) {
      const { promise, resolve, reject } = Promise.withResolvers<InferenceResponse>()
      const rows = readRows(request)
      const outputs = request.outputs ?? []
      const run: Run = {
        rows,
        outputs,
        call,
        open: true,
        succeed() {
          run.open = false
          resolve({ model: 'm', version, outputs: answerOf(rows, outputs), timing })
        },
        fail(error) {
          run.open = false
          reject(error)
        },
      }
      runs.push(run)
      return promise
    },
    stream: (request, call) => streamOfOne(predictor, request, call),
  }
  return predictor
}

const timing = { queueMs: 1, inputMs: 0, runMs: 2, outputMs: 0 }

/** Fails where a control has another value than it may, or inputs are not those of the model. */
function readRows({ inputs }: InferenceRequest): readonly Told[] {
  assert.deepEqual(
    inputs.map(({ name, tensor }) => `${name} ${tensor.datatype}`),
    accumulator.inputs.map(({ name, datatype }) => `${name} ${datatype}`),
  )
  const [start, x, end, ready, id, sum] = inputs.map(({ tensor }) => tensor)
  const count = x!.shape[0]!
  for (const { tensor } of inputs) assert.deepEqual(tensor.shape, [count, 1])
  const flag = (value: unknown, no: number, yes: number) => {
    assert.ok(value === no || value === yes, `${value} is ${no} or ${yes}`)
    return value === yes
  }
  return Array.from({ length: count }, (_, at) => ({
    start: flag(start!.data[at], 3, 7),
    end: flag(end!.data[at], 0.5, 1.5),
    ready: flag(ready!.data[at], 0, 1),
    id: id!.data[at] as bigint,
    x: Number(x!.data[at]),
    sum: Number(sum!.data[at]),
  }))
}

function answerOf(rows: readonly Told[], outputs: readonly string[]): readonly NamedTensor[] {
  const sums = rows.map(({ x, sum }) => x + sum)
  const ids = BigUint64Array.from(rows.map(({ id }) => id))
  return outputs.map((name) =>
    name === 'id'
      ? { name, tensor: { datatype: 'UINT64', shape: [rows.length, 1], data: ids } }
      : { name, tensor: int64(name, ...sums).tensor },
  )
}
