/**
 * What does a request cost between a protocol and the model? Found by its name, checked, queued,
 * joined with others, and given its rows of the answer: in this process, without HTTP, and with a
 * model that gives its answer at once. So many requests come in one turn of the event loop.
 */
import { Call } from '../../src/call.ts'
import { checked } from '../../src/checked.ts'
import { systemClock } from '../../src/clock.ts'
import { defaultModelConfig } from '../../src/config/index.ts'
import { noEvents } from '../../src/events.ts'
import type { ServedModel } from '../../src/models.ts'
import { Registry } from '../../src/repository/index.ts'
import type { Executable, RunRequest, RunResult } from '../../src/runtime/index.ts'
import { Scheduler } from '../../src/scheduler/index.ts'
import type { Signature } from '../../src/signature.ts'
import type { NamedTensor } from '../../src/tensor/index.ts'
import { estimated, type Part } from '../repository/part.ts'

const turns = 12
const requestsPerTurn = 40_000
const together = [1, 8, 32]
const mostUs = 15

const signature: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 30], axes: ['rows', undefined] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2], axes: ['rows', undefined] }],
}

export async function measureInProcess(): Promise<Part> {
  const summaries = []
  const notes: Record<string, readonly number[]> = {}
  for (const where of ['on a thread', 'on the loop'] as const) {
    for (const count of together) {
      const name = `without HTTP, ${where}, ${count} together`
      const values = await microseconds(where, count)
      notes[name] = values
      summaries.push(
        estimated(name, { metric: 'processor time of a request', unit: 'us', values, bar: mostUs }),
      )
    }
  }
  return { name: 'without HTTP', notes, rounds: [], summaries }
}

/** Of one request, by turn; the first turns, in which the code is compiled, are left out. */
async function microseconds(
  where: 'on a thread' | 'on the loop',
  count: number,
): Promise<readonly number[]> {
  const ask = server(where)
  const times: number[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    const before = process.cpuUsage()
    for (let asked = 0; asked < requestsPerTurn; asked += count) {
      await Promise.all(Array.from({ length: count }, (_, i) => ask(i)))
    }
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / requestsPerTurn)
  }
  return times.slice(turns / 3)
}

function server(where: 'on a thread' | 'on the loop'): (input: number) => Promise<void> {
  const executable: Executable = {
    ...{ signature, platform: 'none', provider: 'none', files: [], memoryBytes: 0, warnings: [] },
    run: (request) => new Promise((resolve) => setImmediate(() => resolve(answer(request)))),
    ...(where === 'on the loop' && { runNow: answer }),
    dispose: async () => {},
  }
  const executors = new Scheduler({
    runtime: { threads: 1, placesPerThread: 2 },
    queue: { maxWaiting: 256, maxWaitingBytes: 2 ** 24 },
    clock: systemClock,
  }).executors({
    ...{ model: 'm', version: '1', executable, signature },
    ...{ config: defaultModelConfig, events: noEvents },
  })
  const tensors = Array.from({ length: 8 }, (_, i) => rowOf(i))
  executors.joinable()
  executors.learned(
    [1, 8, 32].map((rows) => ({ rows, ms: 0.005 + 0.0002 * rows })),
    { inputs: [tensors[0]!] },
  )
  const registry = new Registry({ defaultModel: undefined, strict: false, events: noEvents })
  // a registry hands it out and never looks inside
  const served = { name: 'm', version: '1', predictor: checked('m', executors) }
  const row = { name: 'm', version: '1', state: 'ready', stable: true } as const
  registry.publish('m', [{ ...row, served: served as unknown as ServedModel }])
  return async (input) => {
    const call = new Call({ requestId: 'r' })
    const request = { inputs: [tensors[input % tensors.length]!] }
    const { outputs } = await registry.findToAsk('m').predictor.predict(request, call)
    const { data } = outputs[0]!.tensor
    if (data[0] !== input % tensors.length) throw new Error(`row ${input} got that of ${data[0]}`)
  }
}

/** Two elements for each row, the first of them its own. */
function answer({ inputs }: RunRequest): RunResult {
  const { shape, data } = inputs[0]!.tensor as { shape: readonly number[]; data: Float32Array }
  const rows = shape[0]!
  const outputs = new Float32Array(rows * 2)
  for (let i = 0; i < rows; i += 1) outputs[i * 2] = data[i * 30]!
  const tensor = { datatype: 'FP32' as const, shape: [rows, 2], data: outputs }
  return { outputs: [{ name: 'y', tensor }], inputMs: 0, runMs: 0.005, outputMs: 0 }
}

function rowOf(first: number): NamedTensor {
  const data = new Float32Array(30)
  data[0] = first
  return { name: 'x', tensor: { datatype: 'FP32', shape: [1, 30], data } }
}
