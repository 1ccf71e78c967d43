/**
 * The threads in which models are loaded: one for each that is being loaded at the time.
 *
 * Reading and parsing a model takes as long as its file is large, and making a session of it several
 * times that, in a call that cannot be stopped. A load that is given up leaves its thread behind:
 * the next goes to another, and when the library lets go of this one its session is released, and
 * it ends unless it is the only one left. A thread takes 150 ms of CPU to start, and 16 MB, so that
 * it is kept for a while.
 */
import { strict as assert } from 'node:assert'
import { Worker } from 'node:worker_threads'
import { fail, ServingError } from '../../errors.ts'
import { withCompileCache } from './compile-cache.ts'
import type { LedgerCounts } from './ledger.ts'
import type { LoadAnswer, LoadedModel, LoadJob, LoadSource, LoadThreadData } from './load-job.ts'
import { startsThreads } from './priority.ts'
import { siblingModule } from './sibling-module.ts'

export interface LoadThreadsOptions {
  readonly data: Pick<LoadThreadData, 'library'>
  /** Is told what a thread has made and released. */
  readonly counted: (counts: LedgerCounts) => void
  /** Releases the session of a load that was given up. */
  readonly release: (model: LoadedModel) => Promise<void>
  /** What runs in the threads, in place of `load-thread.ts`. */
  readonly module?: URL
  /** How many threads there may be, with those left behind; what is asked beyond them waits. */
  readonly most?: number
  /** Milliseconds that a thread is kept for the next load. */
  readonly keepMs?: number
}

type Outcome = LoadAnswer['outcome']
type Question = Exclude<LoadJob, { kind: 'end' }>

/** A job that is waiting for a thread, or under way on one. */
interface Asked {
  readonly job: Question
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (reason: unknown) => void
  /** Nobody waits for it any more. */
  left: boolean
}

export class LoadThreads {
  readonly #options: Required<LoadThreadsOptions>
  readonly #threads = new Set<LoadThread>()
  readonly #underWay = new Map<Asked, LoadThread>()
  readonly #releases = new Set<Promise<void>>()
  #waiting: Asked[] = []
  #idle: LoadThread[] = []
  #closed = false

  constructor(options: LoadThreadsOptions) {
    this.#options = { module: siblingModule('load-thread'), most: 64, keepMs: 10_000, ...options }
  }

  /** How many threads there are, also those that were left behind. */
  get size(): number {
    return this.#threads.size
  }

  /** Starts a thread, so that the first load need not wait for it. */
  prepare(): void {
    this.#rest(this.#start('low'))
  }

  async load(source: LoadSource, giveUp?: AbortSignal): Promise<LoadedModel> {
    const givenUp = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const outcome = await this.#ask({ kind: 'load', source, givenUp }, giveUp, () => {
      Atomics.store(givenUp, 0, 1)
    })
    assert(outcome.kind === 'loaded')
    return outcome.model
  }

  /** In bytes. */
  async estimate(path: string, giveUp?: AbortSignal): Promise<number> {
    const outcome = await this.#ask({ kind: 'estimate', path }, giveUp)
    assert(outcome.kind === 'estimated')
    return outcome.bytes
  }

  /** Ends the threads once they have done what they were asked, also those that were left behind. */
  async close(): Promise<void> {
    this.#closed = true
    for (const thread of this.#idle) thread.end()
    await Promise.all([...this.#threads].map((thread) => thread.exited()))
    await Promise.all(this.#releases)
  }

  async #ask(job: Question, giveUp?: AbortSignal, leaving?: () => void): Promise<Outcome> {
    giveUp?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const asked: Asked = { job, resolve, reject, left: false }
    const leave = () => {
      leaving?.()
      this.#leave(asked)
      reject(giveUp?.reason)
    }
    giveUp?.addEventListener('abort', leave, { once: true })
    this.#waiting.push(asked)
    this.#handOut()
    try {
      const outcome = await promise
      if (asked.left) {
        if (outcome.kind === 'loaded') this.#release(outcome.model)
        throw giveUp?.reason
      }
      if (outcome.kind !== 'failed') return outcome
      throw new ServingError(outcome.reason, outcome.facts, outcome.cause)
    } finally {
      giveUp?.removeEventListener('abort', leave)
    }
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const asked = this.#waiting[0]!
      const thread = this.#threadFor(asked.job)
      if (thread === undefined) return
      this.#waiting.shift()
      this.#underWay.set(asked, thread)
      thread.ask(asked.job).then(
        (answer) => this.#answered(thread, asked, answer),
        (cause) => this.#died(asked, cause),
      )
    }
  }

  #threadFor(job: Question): LoadThread | undefined {
    const priority = job.kind === 'load' && startsThreads(job.source.config) ? 'usual' : 'low'
    const index = this.#idle.findLastIndex((thread) => thread.priority === priority)
    if (index !== -1) return this.#idle.splice(index, 1)[0]
    return this.#threads.size < this.#options.most ? this.#start(priority) : undefined
  }

  #leave(asked: Asked): void {
    asked.left = true
    this.#waiting = this.#waiting.filter((other) => other !== asked)
    this.#underWay.get(asked)?.leaveBehind()
    this.#underWay.delete(asked)
    this.#handOut()
  }

  #answered(thread: LoadThread, asked: Asked, { outcome, counts }: LoadAnswer): void {
    this.#options.counted(counts)
    if (asked.left) {
      if (outcome.kind === 'loaded') this.#release(outcome.model)
      if (this.#idle.length > 0) thread.end()
      else this.#rest(thread)
      this.#handOut()
      return
    }
    this.#underWay.delete(asked)
    this.#rest(thread)
    asked.resolve(outcome)
    this.#handOut()
  }

  #died(asked: Asked, cause: unknown): void {
    this.#underWay.delete(asked)
    const words = cause instanceof Error ? cause.message : 'it ended'
    asked.reject(
      fail('MODEL_UNREADABLE', { problem: `the thread that loads it ended: ${words}` }, cause),
    )
    this.#handOut()
  }

  #release(model: LoadedModel): void {
    const release = this.#options.release(model).finally(() => this.#releases.delete(release))
    this.#releases.add(release)
  }

  #start(priority: LoadThreadData['priority']): LoadThread {
    const { module, data } = this.#options
    const thread = new LoadThread(module, { ...data, priority }, () => {
      this.#threads.delete(thread)
      this.#idle = this.#idle.filter((other) => other !== thread)
      this.#handOut()
    })
    this.#threads.add(thread)
    return thread
  }

  #rest(thread: LoadThread): void {
    if (this.#closed && this.#waiting.length === 0) {
      thread.end()
      return
    }
    this.#idle.push(thread)
    thread.rest(this.#options.keepMs, () => {
      this.#idle = this.#idle.filter((other) => other !== thread)
      thread.end()
    })
  }
}

/** One thread, which is asked one thing at a time. It keeps the process alive while it is asked. */
class LoadThread {
  readonly priority: LoadThreadData['priority']
  readonly #worker: Worker
  readonly #exit = Promise.withResolvers<void>()
  #question: PromiseWithResolvers<LoadAnswer> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(module: URL, data: LoadThreadData, gone: () => void) {
    let failure: unknown
    this.priority = data.priority
    this.#worker = new Worker(module, {
      workerData: data,
      env: withCompileCache(),
      resourceLimits: { maxYoungGenerationSizeMb: 4 }, // a quarter of the usual saves 4 MB
    })
    this.#worker.unref()
    this.#worker.on('message', (answer: LoadAnswer) => this.#question?.resolve(answer))
    this.#worker.on('error', (error) => {
      failure = error
    })
    this.#worker.on('exit', (code) => {
      clearTimeout(this.#timer)
      gone()
      this.#question?.reject(failure ?? new Error(`exit code ${code}`))
      this.#exit.resolve()
    })
  }

  ask(question: Question): Promise<LoadAnswer> {
    clearTimeout(this.#timer)
    this.#question = Promise.withResolvers()
    this.#worker.ref()
    this.#worker.postMessage(question)
    return this.#question.promise
  }

  rest(ms: number, overdue: () => void): void {
    this.#worker.unref()
    this.#timer = setTimeout(overdue, ms).unref()
  }

  /** A process that has nothing else to do need not wait for it. */
  leaveBehind(): void {
    this.#worker.unref()
  }

  /** Once it has answered. */
  end(): void {
    clearTimeout(this.#timer)
    this.#worker.postMessage({ kind: 'end' } satisfies LoadJob)
  }

  exited(): Promise<void> {
    this.#worker.ref()
    return this.#exit.promise
  }
}
