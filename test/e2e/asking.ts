/** Clients that never stop asking, and hold every answer against what may be answered. */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer, Question } from './ask.ts'
import type { Server } from './server.ts'

export interface AskingOptions {
  readonly clients?: number
  /** How long each rests between an answer and the next question; not at all if left out. */
  readonly restMs?: number
}

/**
 * Of a model `plusModel(version)`: each answer must come from one version, by its number and by its
 * values alike, and from none older than was `oldest` when it was asked.
 */
export class Asking {
  readonly #server: Server
  readonly #restMs: number | undefined
  readonly #clients: Promise<void>[]
  #oldest = 0
  #asking = true
  answers = 0
  /** Versions that answered. */
  readonly seen = new Set<number>()

  constructor(server: Server, model: string, { clients = 6, restMs }: AskingOptions = {}) {
    this.#server = server
    this.#restMs = restMs
    this.#clients = Array.from({ length: clients }, (_, index) => this.#ask(model, index))
  }

  /** From now on nothing older may answer. */
  notBefore(version: number): void {
    this.#oldest = version
  }

  /** Fails where any answer was wrong. */
  async stop(): Promise<void> {
    this.#asking = false
    await Promise.all(this.#clients)
  }

  async #ask(model: string, index: number): Promise<void> {
    const [question, read] = KINDS[index % KINDS.length]!
    for (let x = index; this.#asking; x++) {
      const oldest = this.#oldest
      const answer = await this.#server.ask(question(model, x % 1000))
      assert.equal(answer.status, 200, answer.text)
      const { version, value } = read(answer)
      assert.equal(value - (x % 1000), version, 'the values are of the version that is named')
      assert.equal(Number(answer.headers['x-sluice-version']), version)
      assert.ok(version >= oldest, `version ${version} answered after ${oldest} had taken over`)
      this.seen.add(version)
      this.answers += 1
      if (this.#restMs !== undefined) await pause(this.#restMs)
    }
  }
}

interface Told {
  readonly version: number
  readonly value: number
}

type Kind = readonly [ask: (model: string, x: number) => Question, read: (answer: Answer) => Told]

const plain: Kind = [
  (model, x) => ({ path: `/predict/${model}`, body: { features: [x] } }),
  ({ json }) => ({
    version: Number(json?.model_version),
    value: firstOf(json?.prediction),
  }),
]

const openInference: Kind = [
  (model, x) => ({
    path: `/v2/models/${model}/infer`,
    body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [x] }] },
  }),
  ({ json }) => ({
    version: Number(json?.model_version),
    value: firstOf(json?.outputs),
  }),
]

const binary: Kind = [
  (model, x) => {
    const inputs = [
      { name: 'x', datatype: 'FP32', shape: [1, 1], parameters: { binary_data_size: 4 } },
    ]
    const head = Buffer.from(JSON.stringify({ inputs }))
    return {
      path: `/v2/models/${model}/infer`,
      headers: { 'inference-header-content-length': `${head.length}` },
      body: Buffer.concat([head, new Uint8Array(Float32Array.of(x).buffer)]),
    }
  },
  openInference[1],
]

/** The number in `[1]`, `1`, or `[{data: [1]}]`. */
function firstOf(told: unknown): number {
  if (Array.isArray(told)) return firstOf(told[0])
  if (typeof told === 'object' && told !== null) return firstOf((told as { data: unknown }).data)
  return Number(told)
}

const KINDS: readonly Kind[] = [plain, openInference, binary]
