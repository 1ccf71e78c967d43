/**
 * The executors of all versions in memory. Four times a second it is decided how many there should be
 * of those whose number goes by what comes.
 */
import type { Clock } from '../clock.ts'
import type { ModelConfig } from '../config/index.ts'
import type { Events } from '../events.ts'
import type {
  ExecutorFigures,
  Fleet,
  LoadedExecutors,
  ScalingDecision,
  ScalingExplained,
} from '../executor-figures.ts'
import type { Log } from '../log.ts'
import { type AutoscaleState, decide, firstState } from './autoscale.ts'
import { type AutoscaleBounds, autoscaleBounds } from './autoscale-bounds.ts'

/** What it acts on. */
export interface Scalable {
  /** On how many threads its runs may be at once. */
  readonly executors: number
  /** From now on; what runs already goes on. */
  setExecutors(count: number): void
  figures(): ExecutorFigures
}

export interface FleetMember {
  readonly model: string
  readonly version: string
  readonly config: Pick<ModelConfig, 'executors' | 'slo'>
  readonly scalable: Scalable
}

export interface AutoscalerOptions {
  /** Runs that compute at once, for all models together. */
  readonly threads: number
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

export class Autoscaler implements Fleet {
  readonly threads: number
  readonly #options: AutoscalerOptions
  readonly #members = new Set<Member>()
  #cancelTick: (() => void) | undefined

  constructor(options: AutoscalerOptions) {
    this.threads = options.threads
    this.#options = options
  }

  /** The function returned takes it out again. */
  add({ model, version, config, scalable }: FleetMember): () => void {
    const bounds = autoscaleBounds(config.executors, this.threads)
    const member = new Member({ model, version, sloMs: config.slo?.p99Ms, scalable, bounds })
    this.#members.add(member)
    if (bounds !== undefined) this.#cancelTick ??= this.#tickLater()
    return () => {
      this.#members.delete(member)
      if (this.#scaled.length === 0) this.close()
    }
  }

  loaded(): readonly LoadedExecutors[] {
    return [...this.#members]
  }

  explain(): readonly ScalingExplained[] {
    return this.#scaled.map((member) => member.explain())
  }

  /** Decides nothing any more. */
  close(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
  }

  get #scaled(): readonly Member[] {
    return [...this.#members].filter(({ bounds }) => bounds !== undefined)
  }

  #tickLater(): () => void {
    const { clock } = this.#options
    return clock.wakeAt(clock.now() + tickMs, () => {
      this.#cancelTick = this.#tickLater()
      for (const member of this.#scaled) this.#scale(member)
    })
  }

  #scale(member: Member): void {
    const { clock, events, log } = this.#options
    const change = member.decide(clock.now())
    if (change === undefined) return
    const { model, version } = member
    events.emit({ kind: 'scaled', model, version, ...change })
    log.info(change.dryRun ? 'executors would change' : 'executors changed', {
      model,
      version,
      from: change.from,
      to: change.to,
      why: change.why,
    })
  }
}

interface MemberOptions {
  readonly model: string
  readonly version: string
  readonly sloMs: number | undefined
  readonly scalable: Scalable
  readonly bounds: AutoscaleBounds | undefined
}

class Member implements LoadedExecutors {
  readonly model: string
  readonly version: string
  readonly sloMs: number | undefined
  readonly bounds: AutoscaleBounds | undefined
  readonly #scalable: Scalable
  #state: AutoscaleState = firstState
  /** As many as there would be; as there are, but for a dry run. */
  #wanted: number
  #decision: ScalingDecision | undefined

  constructor({ model, version, sloMs, scalable, bounds }: MemberOptions) {
    this.model = model
    this.version = version
    this.sloMs = sloMs
    this.bounds = bounds
    this.#scalable = scalable
    if (bounds?.dryRun === false) scalable.setExecutors(bounds.minimum)
    this.#wanted = bounds?.minimum ?? scalable.executors
  }

  get executors(): number {
    return this.#scalable.executors
  }

  figures(): ExecutorFigures {
    return this.#scalable.figures()
  }

  /** What changed, where something did. */
  decide(now: number) {
    const { minimum, maximum, dryRun } = this.bounds!
    const { arrivedRows, oldestWaitMs, best } = this.figures()
    const from = this.#wanted
    const seen = { now, executors: from, minimum, maximum, sloMs: this.sloMs }
    const { decision, state } = decide(this.#state, { ...seen, arrivedRows, oldestWaitMs, best })
    this.#state = state
    this.#decision = decision
    const { executors: to, why } = decision
    if (to === from) return undefined
    this.#wanted = to
    if (!dryRun) this.#scalable.setExecutors(to)
    return { from, to, why, dryRun }
  }

  explain(): ScalingExplained {
    const { model, version, executors, bounds } = this
    return { model, version, executors, ...bounds!, decision: this.#decision }
  }
}

const tickMs = 250
