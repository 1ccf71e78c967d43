/** A lifecycle over a runtime whose loads and runs end when a test says so. */
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { defaultModelConfig, type ModelConfig } from '../config/index.ts'
import type { ServingError } from '../errors.ts'
import type { Event } from '../events.ts'
import type { Fields, Log } from '../log.ts'
import type { ModelSource } from '../model-source.ts'
import type { FoundModel, VersionSpec } from '../model-spec.ts'
import { Registry } from '../repository/index.ts'
import type { Executable, RunRequest, RunResult, Runtime } from '../runtime/index.ts'
import { Scheduler } from '../scheduler/index.ts'
import type { Signature } from '../signature.ts'
import { Lifecycle, type LifecycleOptions } from './lifecycle.ts'

/** One load that was asked of the runtime. */
export interface Loading {
  /** `iris 2 @b`: model, version and files. */
  readonly what: string
  readonly gaveUp: () => boolean
  succeed(loaded?: Partial<Loaded>): void
  fail(error: Error): void
}

export interface Loaded {
  readonly signature: Signature
  readonly memoryBytes: number
  /** What every answer consists of. */
  readonly answer: number
}

export class HandRuntime implements Runtime {
  readonly threads = 4
  readonly placesPerThread = 1
  readonly loads: Loading[] = []
  /** What `estimate` says of any version. */
  estimated = 10
  /** Executables that are not disposed of. */
  alive = 0
  /** Runs wait for it. */
  hold: Promise<void> | undefined
  /** Whether a run that nobody waits for any more ends. */
  stops = true

  async estimate(): Promise<number> {
    return this.estimated
  }

  load({ name, version, path }: ModelSource, giveUp?: AbortSignal): Promise<Executable> {
    const { promise, resolve, reject } = Promise.withResolvers<Executable>()
    let over = false
    const rejectOnce = (why: unknown) => {
      over = true
      reject(why)
    }
    giveUp?.addEventListener('abort', () => rejectOnce(giveUp.reason))
    this.loads.push({
      what: `${name} ${version} @${path}`,
      gaveUp: () => giveUp?.aborted ?? false,
      succeed: (loaded = {}) => {
        if (over) return
        over = true
        resolve(this.#executable(path, loaded))
      },
      fail: rejectOnce,
    })
    return promise
  }

  async close(): Promise<void> {}

  #executable(path: string, loaded: Partial<Loaded>): Executable {
    this.alive += 1
    const { signature = takesRows, memoryBytes = this.estimated, answer = 0 } = loaded
    return {
      signature,
      platform: 'hand',
      provider: 'cpu',
      files: [{ path, bytes: 1, sha256: path }],
      memoryBytes,
      warnings: [],
      run: (request, call) => this.#run(request, call, answer),
      dispose: async () => {
        this.alive -= 1
      },
    }
  }

  async #run({ inputs, outputs }: RunRequest, call: Call, answer: number): Promise<RunResult> {
    await Promise.race([this.hold, ...(this.hold !== undefined && this.stops ? [ended(call)] : [])])
    const rows = inputs[0]!.tensor.shape[0]!
    return {
      outputs: outputs.map((name) => ({
        name,
        tensor: { datatype: 'FP32', shape: [rows], data: new Float32Array(rows).fill(answer) },
      })),
      inputMs: 0,
      runMs: 0,
      outputMs: 0,
    }
  }
}

const ended = (call: Call) => new Promise<void>((resolve) => void call.onEnd(() => resolve()))

export const takesRows: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1], axes: ['batch'] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1], axes: ['batch'] }],
}

/** `found('iris', { 1: 'a', 2: 'b' })`: files by version; an error in place of files. */
export function found(
  name: string,
  versions: Readonly<Record<string, string | ServingError>>,
  config: Partial<ModelConfig> = {},
): FoundModel {
  const listed = Object.entries(versions).map(
    ([version, path]): VersionSpec => ({
      version,
      path,
      fingerprint: typeof path === 'string' ? path : path.message,
      sealed: true,
      changedAt: 0,
    }),
  )
  const merged = { ...defaultModelConfig, ...config }
  return {
    name,
    root: 'models',
    spec: { name, folder: name, config: merged, versions: listed, warnings: [] },
  }
}

export function setUp(options: Partial<LifecycleOptions> = {}) {
  const clock = new HandClock()
  const runtime = new HandRuntime()
  const states: string[] = []
  const told: string[] = []
  const events = {
    emit(event: Event) {
      if (event.kind === 'state') states.push(`${event.model} ${event.version} ${event.state}`)
    },
  }
  const write = (event: string, fields: Fields = {}) =>
    told.push([event, fields.model, fields.version, fields.why].filter(Boolean).join(' '))
  const log: Log = { error: write, warn: write, info: write, debug: write }
  const registry = new Registry({ defaultModel: undefined, strict: false, events })
  registry.startIsKnown()
  const lifecycle = new Lifecycle({
    registry,
    runtime,
    scheduler: new Scheduler({
      runtime,
      queue: { maxWaiting: 16, maxWaitingBytes: 2 ** 20 },
      clock,
    }),
    autoComplete: true,
    loadsAtOnce: 2,
    loadTimeoutMs: 1000,
    drainTimeoutMs: 500,
    memory: { limitBytes: undefined, evict: false },
    clock,
    events,
    log,
    ...options,
  })
  /** What version answered, by what it answers. */
  const ask = async (name: string, version?: string, call = new Call({ requestId: 'r' })) => {
    const waking = registry.wake(name, version, call)
    if (waking !== undefined) await waking
    const { predictor } = registry.find(name, version)
    const tensor = { datatype: 'FP32' as const, shape: [1], data: Float32Array.of(1) }
    const response = await predictor.predict({ inputs: [{ name: 'x', tensor }] }, call)
    return `${response.version}:${response.outputs[0]!.tensor.data[0]}`
  }
  /** Lets the load of `iris 2 @b` end well, once it has begun. */
  const load = async (what: string, loaded?: Partial<Loaded>) => {
    await turns()
    const loading = runtime.loads.findLast((one) => one.what === what)
    if (loading === undefined) throw new Error(`${what} was never asked for`)
    loading.succeed(loaded)
    await turns()
  }
  const rows = () => registry.list().map(({ version, state }) => `${version} ${state}`)
  return { clock, runtime, registry, lifecycle, states, told, ask, load, rows }
}

/** Lets everything happen that waits for nothing else. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
