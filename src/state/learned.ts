/**
 * What was learned of how models run, kept from one start to the next: whether requests may share runs
 * of these very files on this very machine, and what runs take.
 *
 * What is known is asked for now and then, and written where it says something new; once more when the
 * model goes.
 */
import { hash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { type LearnedFacts, parseFacts, saysNews, textOf } from './learned-facts.ts'
import type { StateFolder } from './state-folder.ts'

export type { LearnedFacts }

export interface LearnedOptions {
  readonly folder: StateFolder
  /** What runs models, and on what: what was learned elsewhere is of no use here. */
  readonly machine: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

/** Something of which more is learned all the time. */
interface Kept {
  readonly name: string
  readonly current: () => LearnedFacts
  written: LearnedFacts | undefined
}

export class Learned {
  readonly #options: LearnedOptions
  readonly #kept = new Set<Kept>()
  #callOff: (() => void) | undefined

  constructor(options: LearnedOptions) {
    this.#options = options
  }

  /** What is known of whatever this names exactly: digests, configuration. Undefined for nothing. */
  async recall(about: readonly string[]): Promise<LearnedFacts | undefined> {
    const { folder, log } = this.#options
    const name = this.#nameOf(about)
    const text = await folder.read(name)
    if (text === undefined) return undefined
    const facts = parseFacts(text)
    if (facts === undefined) log.warn('damaged state is ignored', { file: name })
    return facts
  }

  /**
   * Writes what is known of it from now on; `recalled` is there already. The function returned writes
   * it a last time, and resolves when that is done.
   */
  keep(
    about: readonly string[],
    current: () => LearnedFacts,
    recalled?: LearnedFacts,
  ): () => Promise<void> {
    const kept: Kept = { name: this.#nameOf(about), current, written: recalled }
    this.#kept.add(kept)
    this.#callOff ??= this.#wakeLater()
    return async () => {
      if (!this.#kept.delete(kept)) return
      if (this.#kept.size === 0) {
        this.#callOff?.()
        this.#callOff = undefined
      }
      await this.#write(kept)
    }
  }

  #wakeLater(): () => void {
    const { clock } = this.#options
    return clock.wakeAt(clock.now() + WRITE_EVERY_MS, () => {
      this.#callOff = this.#wakeLater()
      for (const kept of this.#kept) void this.#write(kept)
    })
  }

  async #write(kept: Kept): Promise<void> {
    const { folder } = this.#options
    const facts = kept.current()
    if (!folder.remembers || !saysNews(facts, kept.written)) return
    // also where it fails: the next time there will be more to say
    kept.written = facts
    await folder.write(kept.name, textOf(facts))
    await folder.keepNewest(FOLDER, MOST_FILES)
  }

  #nameOf(about: readonly string[]): string {
    const all = JSON.stringify([...this.#options.machine, ...about])
    return `${FOLDER}/${hash('sha256', all).slice(0, 32)}.json`
  }
}

const FOLDER = 'learned'
const WRITE_EVERY_MS = 30_000
const MOST_FILES = 1000
