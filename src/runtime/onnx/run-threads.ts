/**
 * The threads in which models run: as many as may compute at once, for all models together.
 *
 * Each holds one run ahead of the one under way, so that the next starts without a turn of the
 * event loop. What was handed over is committed: it can be stopped, not taken back.
 */

import { strict as assert } from 'node:assert'
import { Worker } from 'node:worker_threads'
import koffi from 'koffi'
import type { NamedTensor } from '../../tensor/index.ts'
import { check, type Pointer } from './c-api.ts'
import { withCompileCache } from './compile-cache.ts'
import type { Environment } from './environment.ts'
import {
  CONTROL,
  controlBytes,
  jobBytes,
  type Mailbox,
  openMailbox,
  PLACES,
  type ThreadData,
  WORD,
} from './job.ts'
import type { StringArray } from './native-strings.ts'
import { siblingModule } from './sibling-module.ts'

/** What a run needs. All of it stays referenced until the run has ended. */
export interface RunJob {
  readonly session: Pointer
  readonly inputNames: StringArray
  readonly inputValues: BigUint64Array
  /** What the values refer to: it must not be collected while the library reads it. */
  readonly inputs: readonly NamedTensor[]
  readonly outputNames: StringArray
  /** Zeroes; the library writes what it made. */
  readonly outputValues: BigUint64Array
}

export interface RunOutcome {
  /** Zero, or the status to read and release. */
  readonly status: Pointer
  readonly runMs: number
}

export interface StartedRun {
  readonly ended: Promise<RunOutcome>
  /** Asks the library to stop this run; it ends soon, with a status. */
  stop(): void
}

export class RunThreads {
  readonly count: number
  readonly #threads: readonly RunThread[]

  private constructor(threads: readonly RunThread[]) {
    this.#threads = threads
    this.count = threads.length
  }

  static async start(environment: Environment, library: string, count: number) {
    const threads = Array.from({ length: count }, () => new RunThread(environment, library))
    await Promise.all(threads.map((thread) => thread.ready))
    return new RunThreads(threads)
  }

  /** In a thread that has a place for it. */
  start(job: RunJob, thread: number): StartedRun {
    return this.#threads[thread]!.start(job)
  }

  /** Waits for the runs under way, and ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }
}

interface Place {
  readonly runOptions: Pointer
  job: RunJob | undefined
  stopAsked: boolean
  ended: Promise<RunOutcome> | undefined
  settle: ((outcome: RunOutcome) => void) | undefined
}

class RunThread {
  readonly ready: Promise<void>
  readonly #environment: Environment
  readonly #worker: Worker
  readonly #mailbox: Mailbox
  readonly #places: readonly Place[]
  #posted = 0
  underWay = 0

  constructor(environment: Environment, library: string) {
    const shared = {
      control: new SharedArrayBuffer(controlBytes),
      jobs: new SharedArrayBuffer(jobBytes),
    }
    this.#environment = environment
    this.#mailbox = openMailbox(shared)
    this.#places = this.#mailbox.places.map(() => ({
      runOptions: environment.make('runOptions', (out) => environment.api.CreateRunOptions(out)),
      job: undefined,
      stopAsked: false,
      ended: undefined,
      settle: undefined,
    }))
    const data: ThreadData = { library, ...shared }
    this.#worker = new Worker(siblingModule('run-thread'), {
      workerData: data,
      env: withCompileCache(),
    })
    this.ready = new Promise((resolve, reject) => {
      this.#worker.once('error', reject)
      this.#worker.once('message', () => {
        // nothing in the thread can fail but by a fault of ours; to go on would be to hang
        this.#worker.once('error', (cause) => {
          throw new Error('a run thread ended', { cause })
        })
        this.#worker.on('message', (place: number) => this.#ended(place))
        resolve()
      })
    })
  }

  start(job: RunJob): StartedRun {
    assert(this.underWay < PLACES, 'a thread is given no more than it has places for')
    const index = (this.#posted >>> 0) % PLACES
    const place = this.#places[index]!
    const { api } = this.#environment
    if (place.stopAsked) check(api, api.RunOptionsUnsetTerminate(place.runOptions))
    place.stopAsked = false
    place.job = job

    const words = this.#mailbox.places[index]!
    words[WORD.session] = job.session
    words[WORD.runOptions] = place.runOptions
    words[WORD.inputNames] = koffi.address(job.inputNames.addresses)
    words[WORD.inputValues] = koffi.address(job.inputValues)
    words[WORD.inputCount] = BigInt(job.inputValues.length)
    words[WORD.outputNames] = koffi.address(job.outputNames.addresses)
    words[WORD.outputCount] = BigInt(job.outputValues.length)
    words[WORD.outputValues] = koffi.address(job.outputValues)

    const ended = new Promise<RunOutcome>((resolve) => {
      place.settle = resolve
    })
    place.ended = ended
    this.underWay += 1
    this.#posted = (this.#posted + 1) | 0
    Atomics.store(this.#mailbox.control, CONTROL.posted, this.#posted)
    Atomics.notify(this.#mailbox.control, CONTROL.posted)
    return {
      ended,
      stop: () => {
        if (place.job !== job || place.stopAsked) return
        place.stopAsked = true
        check(api, api.RunOptionsSetTerminate(place.runOptions))
      },
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map(({ ended }) => ended))
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    Atomics.store(this.#mailbox.control, CONTROL.stopped, 1)
    // what the thread waits on must change, or it may begin to wait after it was woken
    Atomics.add(this.#mailbox.control, CONTROL.posted, 1)
    Atomics.notify(this.#mailbox.control, CONTROL.posted)
    await exited
    for (const { runOptions } of this.#places) this.#environment.release('runOptions', runOptions)
  }

  #ended(index: number): void {
    const place = this.#places[index]!
    const words = this.#mailbox.places[index]!
    const outcome = { status: words[WORD.status]!, runMs: Number(words[WORD.nanoseconds]) / 1e6 }
    const { settle } = place
    place.job = undefined
    place.ended = undefined
    place.settle = undefined
    this.underWay -= 1
    settle?.(outcome)
  }
}
