/** What the models of one runtime share: its threads, the event loop, and what is limited for all. */
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import type { Events } from '../events.ts'
import type { Executable, Runtime } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import { Dispatcher } from './dispatcher.ts'
import { Executors } from './executors.ts'
import { LoopTurn } from './loop-turn.ts'
import { type QueueDefaults, schedulingRules } from './rules.ts'

export interface SchedulerOptions {
  readonly runtime: Pick<Runtime, 'threads' | 'placesPerThread'>
  /** For models that do not say. */
  readonly queue: QueueDefaults
  readonly clock: Clock
  /** Calls back at the end of this turn of the event loop. */
  readonly atTurnEnd?: (callback: () => void) => void
}

export interface SchedulableVersion {
  readonly model: string
  readonly version: string
  readonly executable: Executable
  /** The executable's own, with what the model's configuration adds to it. */
  readonly signature: Signature
  readonly config: ModelConfig
  readonly events: Events
}

export class Scheduler {
  readonly dispatcher: Dispatcher
  readonly #options: SchedulerOptions
  readonly #loop: LoopTurn

  constructor(options: SchedulerOptions) {
    const { runtime, clock, atTurnEnd = (callback) => void setImmediate(callback) } = options
    const now = () => clock.now()
    this.#options = options
    this.dispatcher = new Dispatcher({ ...threadsOf(runtime), now })
    this.#loop = new LoopTurn({ now, atTurnEnd })
  }

  /** `atLeast`: so many requests may wait, whatever the configuration says. */
  executors({ config, ...version }: SchedulableVersion, atLeast = 0): Executors {
    const { queue, clock } = this.#options
    const rules = schedulingRules(config, queue)
    return new Executors({
      ...version,
      rules: { ...rules, maxWaiting: Math.max(rules.maxWaiting, atLeast) },
      dispatcher: this.dispatcher,
      loop: this.#loop,
      clock,
    })
  }
}

const threadsOf = ({ threads, placesPerThread }: SchedulerOptions['runtime']) => ({
  threads,
  placesPerThread,
})
