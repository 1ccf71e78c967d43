/**
 * A runtime for tests, all in memory: the name of a model decides what it does, and its file is read
 * for its digest only.
 *
 * - `echo`: each input comes back as the output of the same name, as a copy
 * - `picky`: the same, but a run is refused where a number of `x` is negative
 * - `slow`: as `echo`, but a run ends only when its call does
 * - `countdown`: streams; INT32 [1] n is answered with n, n-1 … 0, one answer each
 */
import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Call } from '../../call.ts'
import { fail } from '../../errors.ts'
import type { LoadedFile, ModelSource } from '../../model-source.ts'
import type { InputSpec, Signature } from '../../signature.ts'
import { bytesOf, type NamedTensor, type Tensor, tensorFromBytes } from '../../tensor/index.ts'
import type { Executable, RunRequest, RunResult, Runtime } from '../runtime.ts'

export class EchoRuntime implements Runtime {
  readonly threads = 2
  readonly placesPerThread = 2
  /** Executables loaded and not disposed of, runs and streams that have not ended. */
  readonly alive = { executables: 0, runs: 0, streams: 0 }
  /** When the last run that each thread was given has ended. */
  readonly #lastRuns: Promise<unknown>[] = Array.from({ length: this.threads }, turn)

  async estimate(source: ModelSource): Promise<number> {
    return (await fileOf(source)).bytes
  }

  async load(source: ModelSource, giveUp?: AbortSignal): Promise<Executable> {
    giveUp?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Executable>()
    const leave = () => reject(giveUp?.reason)
    giveUp?.addEventListener('abort', leave, { once: true })
    this.#load(source).then((model) => {
      if (giveUp?.aborted) void model.dispose()
      else resolve(model)
    }, reject)
    return promise.finally(() => giveUp?.removeEventListener('abort', leave))
  }

  async close(): Promise<void> {}

  async #load(source: ModelSource): Promise<Executable> {
    const { name } = source
    const file = await fileOf(source)
    const signature = signatures[name]
    if (signature === undefined) {
      const known = Object.keys(signatures).join(', ')
      throw fail('MODEL_UNSUPPORTED', { problem: `expected one of ${known}, got "${name}"` })
    }
    this.alive.executables += 1
    return {
      signature,
      platform: 'echo',
      provider: 'cpu',
      files: [file],
      memoryBytes: file.bytes,
      warnings: [],
      run: (request, call, thread) => this.#run(name, request, call, thread),
      ...(name === 'echo' || name === 'picky'
        ? { runNow: (request) => answerOf(name, request) }
        : {}),
      ...(signature.streams === true
        ? { stream: (request, call) => this.#countdown(request, call) }
        : {}),
      dispose: async () => {
        this.alive.executables -= 1
      },
    }
  }

  async #run(name: string, request: RunRequest, call: Call, thread: number): Promise<RunResult> {
    assert(thread in this.#lastRuns, `thread ${thread} of ${this.threads}`)
    this.alive.runs += 1
    const run = this.#lastRuns[thread]!.then(async () => {
      await (name === 'slow' ? ended(call) : turn())
      if (call.ended !== undefined) throw call.ended
      return answerOf(name, request)
    }).finally(() => {
      this.alive.runs -= 1
    })
    this.#lastRuns[thread] = run.catch(() => {})
    return run
  }

  async *#countdown({ inputs }: RunRequest, call: Call): AsyncGenerator<RunResult> {
    this.alive.streams += 1
    try {
      for (let n = Number(inputs[0]!.tensor.data[0]); n >= 0; n--) {
        await turn()
        if (call.ended !== undefined) throw call.ended
        const tensor: Tensor = { datatype: 'INT32', shape: [1], data: Int32Array.of(n) }
        yield resultOf([{ name: 'n', tensor }])
      }
    } finally {
      this.alive.streams -= 1
    }
  }
}

async function fileOf({ name, folder, path, lock }: ModelSource): Promise<LoadedFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fail('MODEL_UNREADABLE', { problem: `"${name}" is not there` }, cause)
  })
  const file = relative(folder, path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const expected = lock === undefined ? sha256 : lock.get(file)
  if (sha256 === expected) return { path: file, bytes: bytes.byteLength, sha256 }
  throw fail('DIGEST_MISMATCH', { file, expected: expected ?? 'none', got: sha256 })
}

const batch = ['batch', undefined]
const x: InputSpec = { name: 'x', datatype: 'FP32', shape: [-1, 2], axes: batch }
const tag: InputSpec = { name: 'tag', datatype: 'BYTES', shape: [-1, 1], axes: batch }
const n: InputSpec = { name: 'n', datatype: 'INT32', shape: [1] }

const signatures: Readonly<Record<string, Signature>> = {
  echo: { inputs: [x, tag], outputs: [x, tag] },
  picky: { inputs: [x], outputs: [x] },
  slow: { inputs: [x], outputs: [x] },
  countdown: { inputs: [n], outputs: [n], streams: true },
}

function answerOf(name: string, { inputs, outputs }: RunRequest): RunResult {
  if (name === 'picky' && inputs[0]!.tensor.data.some((value) => Number(value) < 0)) {
    throw fail('RUN_REFUSED', { problem: 'expected no negative number' })
  }
  return resultOf(outputs.map((wanted) => copyOf(inputs.find((input) => input.name === wanted)!)))
}

const resultOf = (outputs: readonly NamedTensor[]): RunResult => ({
  outputs,
  inputMs: 0,
  runMs: 0,
  outputMs: 0,
})

function copyOf({ name, tensor }: NamedTensor): NamedTensor {
  const { shape, datatype } = tensor
  if (tensor.datatype === 'BYTES') {
    return { name, tensor: { ...tensor, data: tensor.data.map((bytes) => bytes.slice()) } }
  }
  return { name, tensor: tensorFromBytes(name, datatype, shape, bytesOf(tensor).slice()) }
}

const ended = (call: Call) => new Promise<void>((resolve) => void call.onEnd(() => resolve()))

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
