/**
 * The versions known to this server, each in one state, and the ways to find one.
 *
 * Every change of state is emitted as an event. Looking up takes no lock and copies nothing.
 */
import { fail } from '../errors.ts'
import type { Events } from '../events.ts'
import type { ModelState, ModelStatus, Models, ServedModel } from '../models.ts'

export interface RegistryOptions {
  /** The model that is asked when none is named. */
  readonly defaultModel: string | undefined
  /** Ready only when all models are. */
  readonly strict: boolean
  readonly events: Events
}

export class Registry implements Models {
  readonly #options: RegistryOptions
  /** By name; insertion keeps the order of names. */
  readonly #statuses = new Map<string, ModelStatus>()
  #accepting = true

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** Sets the state of a version, known before or not. */
  set(status: ModelStatus): void {
    const { name, version, state, why } = status
    this.#statuses.set(name, status)
    this.#options.events.emit({
      kind: 'state',
      model: name,
      version,
      state,
      ...(why === undefined ? {} : { why }),
    })
  }

  /** From now on the server is not ready, whatever its models are. */
  stopAccepting(): void {
    this.#accepting = false
  }

  find(name: string, version?: string): ServedModel {
    const status = this.#statuses.get(name)
    if (status === undefined) throw fail('MODEL_NOT_FOUND', { model: name, known: this.#names() })
    if (version !== undefined && version !== status.version) {
      throw fail('VERSION_NOT_FOUND', { model: name, version, known: [status.version] })
    }
    if (status.state === 'ready' && status.served !== undefined) return status.served
    const { state, why } = status
    throw fail('MODEL_NOT_READY', { model: name, state, ...(why === undefined ? {} : { why }) })
  }

  wake(): undefined {}

  defaultName(): string {
    const { defaultModel } = this.#options
    if (defaultModel !== undefined) return defaultModel
    const known = this.#names()
    if (known.length === 1) return known[0]!
    throw fail('MODEL_AMBIGUOUS', { known })
  }

  list(): readonly ModelStatus[] {
    return [...this.#statuses.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  ready(): boolean {
    if (!this.#accepting) return false
    const states = [...this.#statuses.values()].map(({ state }) => state)
    if (!states.every((state) => SETTLED.includes(state))) return false
    const ready = states.filter((state) => state === 'ready').length
    return this.#options.strict ? ready === states.length : ready > 0 || states.length === 0
  }

  #names(): readonly string[] {
    return [...this.#statuses.keys()].sort()
  }
}

const SETTLED: readonly ModelState[] = ['ready', 'failed', 'unloaded']
