/** What people are told of one model and its versions: in the log, and where it is counted. */
import type { ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Log } from '../log.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import { wordsOf } from './slot.ts'
import { labelsOf, labelWarnings } from './version-policy.ts'

export interface TellingOptions {
  readonly model: string
  readonly events: Events
  readonly log: Log
}

export class Telling {
  readonly #options: TellingOptions
  #warned: readonly string[] = []

  constructor(options: TellingOptions) {
    this.#options = options
  }

  /** Without a version it is the model as a whole. */
  failed(error: ServingError, version = ''): void {
    const { model, events, log } = this.#options
    const about = { model, ...(version !== '' && { version }) }
    log.error('model failed', { ...about, why: wordsOf(error), cause: causeOf(error) })
    events.emit({ kind: 'load-failed', model, version, reason: error.reason })
  }

  /** Each once, for as long as it holds. */
  warnings({ warnings, config }: ModelSpec, wanted: readonly VersionSpec[]): void {
    const { model, log } = this.#options
    const labels = labelsOf(config.versionLabels)
    const numbers = wanted.map(({ version }) => version)
    const all = [...warnings, ...labelWarnings(labels, numbers)]
    for (const warning of all.filter((one) => !this.#warned.includes(one))) {
      log.warn('model warning', { model, warning })
    }
    this.#warned = all
  }

  evicted(version: string): void {
    const { model, events } = this.#options
    events.emit({ kind: 'evicted', model, version })
  }

  woken(version: string): void {
    const { model, events } = this.#options
    events.emit({ kind: 'woken', model, version })
  }

  gaveUp(version: string): void {
    const { model, log } = this.#options
    log.warn('version gave up what it had not finished', { model, version })
  }

  notReleased(version: string, cause: unknown): void {
    const { model, log } = this.#options
    log.error('version not released', { model, version, cause })
  }

  unloaded(version: string): void {
    const { model, log } = this.#options
    log.info('version unloaded', { model, version })
  }
}

/** What is wrong with a model is no fault of ours, and a stack tells nothing of it. */
function causeOf({ code, cause }: ServingError): unknown {
  return code !== 'internal' && cause instanceof Error ? cause.message : cause
}
