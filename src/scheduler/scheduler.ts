/** What the models of one runtime share: its threads, the event loop, and what is limited for all. */
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import { fail } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Executable, Runtime } from '../runtime/index.ts'
import type { Signature } from '../signature.ts'
import { Dispatcher } from './dispatcher.ts'
import { Executors } from './executors.ts'
import { type Joiner, raggedJoiner } from './joiner.ts'
import { LoopTurn } from './loop-turn.ts'
import { raggedSpec } from './ragged.ts'
import type { Resources } from './resources.ts'
import { type QueueDefaults, schedulingRules } from './rules.ts'

export interface SchedulerOptions {
  readonly runtime: Pick<Runtime, 'threads' | 'placesPerThread'>
  /** For models that do not say. */
  readonly queue: QueueDefaults
  /** What is limited for all models; what models say of it counts for nothing where left out. */
  readonly resources?: Resources | undefined
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

  /** For models that do not say. */
  get queue(): QueueDefaults {
    return this.#options.queue
  }

  /**
   * For a version that is tried before it serves: so many requests may wait, whatever its configuration
   * says, and what serves goes first.
   */
  trialExecutors(version: SchedulableVersion, waiting: number): Executors {
    return this.executors(version, waiting, trialWeight)
  }

  executors({ config, ...version }: SchedulableVersion, atLeast = 0, share = 1): Executors {
    const { queue, clock, resources } = this.#options
    const rules = schedulingRules(config, queue)
    const limited = resources && limits(resources, version.model, config)
    return new Executors({
      ...version,
      resources: limited?.need,
      weight: share * (limited?.weight ?? 1),
      joiner: uneven(version, config),
      rules: { ...rules, maxWaiting: Math.max(rules.maxWaiting, atLeast) },
      dispatcher: this.dispatcher,
      loop: this.#loop,
      clock,
    })
  }
}

/** A twenty-first of the time where others want all of it: who is served should not notice. */
const trialWeight = 0.05

/** Of a model that takes requests of different shapes as one. */
function uneven(
  { executable, signature }: Pick<SchedulableVersion, 'executable' | 'signature'>,
  { batching }: ModelConfig,
): Joiner | undefined {
  if (typeof batching === 'string' || batching.ragged === undefined) return undefined
  const inputs = executable.signature.inputs.map(({ name }) => name)
  const shapeOf = (name: string) => signature.outputs.find((output) => output.name === name)!.shape
  return raggedJoiner(raggedSpec(batching.ragged, inputs, shapeOf))
}

/** Fails with MODEL_UNSUPPORTED where there is not as much as a run of it takes. */
function limits(resources: Resources, model: string, { rateLimit }: ModelConfig) {
  const { resources: shares, priority } = rateLimit
  const lacking = resources.lacking(shares)
  if (lacking !== undefined) {
    const { name, count } = lacking
    const problem = `a run of "${model}" takes ${count} of "${name}", of which there is less`
    throw fail('MODEL_UNSUPPORTED', { problem, hint: 'raise it by rateLimit.resources' })
  }
  return { need: resources.need(shares), weight: 1 / priority }
}

const threadsOf = ({ threads, placesPerThread }: SchedulerOptions['runtime']) => ({
  threads,
  placesPerThread,
})
