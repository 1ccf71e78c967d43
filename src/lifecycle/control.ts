/**
 * How models change at run time: at a reload, with their files, or when asked. Decides what is
 * wanted; the lifecycle sees to it.
 */
import { basename } from 'node:path'
import type { Clock } from '../clock.ts'
import { fail, type ServingError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Log } from '../log.ts'
import type {
  IndexEntry,
  LoadOptions,
  ModelControl,
  ModelControlMode,
  ReloadReport,
} from '../model-control.ts'
import type { FoundModel } from '../model-spec.ts'
import type { Models } from '../models.ts'
import { type LostRoot, modelOfLost, Poller, type Source } from '../repository/index.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Overrides } from './overrides.ts'
import { wordsOf } from './slot.ts'

export interface ControlOptions {
  readonly mode: ModelControlMode
  /** Under explicit control: the models to load at the start, `*` for all. */
  readonly loadModels: readonly string[]
  readonly pollMs: number
  readonly source: Source
  readonly lifecycle: Lifecycle
  readonly models: Models
  /** Called when what is wanted at the start has been told to the registry. */
  readonly onStartKnown: () => void
  readonly overrides: Overrides
  /** Reads the server's configuration again. Fails with RELOAD_REFUSED where it is not sound. */
  readonly reread: () => Promise<Reread>
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
}

export interface Reread {
  readonly source: Source
  /** Keys that changed and hold from the next start on. */
  readonly needRestart: readonly string[]
}

export class Control implements ModelControl {
  readonly mode: ModelControlMode
  readonly #options: ControlOptions
  #source: Source
  #poller: Poller | undefined
  /** As they were found last. */
  #found: ReadonlyMap<string, FoundModel> = new Map()
  /** Under explicit control: what is to be loaded. */
  readonly #asked = new Set<string>()
  #looking: Promise<void> | undefined
  /** Repositories that cannot be read, and why. */
  #lost: ReadonlyMap<string, string> = new Map()
  readonly #warned = new Set<string>()
  /** Told when it stops. */
  readonly #waiting = new Set<(why: ServingError) => void>()
  #stopped = false
  /** Reloads, by number: those that were asked, and the last one whose source holds. */
  #reloads = { asked: 0, holds: 0 }

  constructor(options: ControlOptions) {
    this.#options = options
    this.mode = options.mode
    this.#source = options.source
  }

  /** Finds the models and begins to load what is wanted of them; resolves when that has settled. */
  async start(): Promise<void> {
    const { lifecycle, loadModels, log, onStartKnown } = this.#options
    if (this.mode === 'poll') this.#poll()
    await this.#look()
    if (this.mode === 'explicit') {
      const names = loadModels.includes('*') ? this.#found.keys() : loadModels
      for (const name of names) this.#asked.add(name)
    } else if (this.#found.size === 0) {
      log.warn('nothing to serve', { hint: 'name a model file or a folder' })
    }
    this.#apply()
    onStartKnown()
    await lifecycle.whenSettled()
  }

  /** Whoever waits for models to settle is refused: they will not. */
  stop(): void {
    this.#poller?.stop()
    this.#stopped = true
    for (const refuse of this.#waiting) refuse(fail('DRAINING'))
  }

  index(): readonly IndexEntry[] {
    const known = this.#options.models.list()
    const names = new Set(known.map(({ name }) => name))
    const others = [...this.#found.keys()].filter((name) => !names.has(name))
    return [...known, ...others.map((name) => ({ name }))].sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    )
  }

  async load(name: string, { force = false, config, files }: LoadOptions = {}): Promise<void> {
    const { lifecycle, overrides } = this.#options
    const overridden = config !== undefined || files !== undefined
    if (overridden && this.mode !== 'explicit') {
      throw fail('CONTROL_REFUSED', {
        problem:
          'a configuration or files in place of those on disk are taken under explicit control',
        hint: 'start the server with --model-control-mode explicit',
      })
    }
    await this.#look()
    const onDisk = this.#found.get(name)
    const sent = overridden ? await overrides.prepare(name, onDisk, { config, files }) : undefined
    const model = overridden ? sent?.model : onDisk
    if (model === undefined) throw fail('MODEL_NOT_FOUND', { model: name, known: this.#names() })
    // in one turn, so that of several that load at once the last is what is held and what is wanted
    const cleared = sent === undefined ? overrides.drop(name) : overrides.hold(name, sent)
    if (this.mode === 'explicit') this.#asked.add(name)
    // who sends a configuration means it, whatever clients were told before
    lifecycle.want(model, { force: force || overridden, retry: true, urgent: true })
    await cleared
    await this.#unlessStopped(lifecycle.whenSettled(name))
    const failure = lifecycle.failureOf(name)
    if (failure?.reason === 'MODEL_MEMORY_SHORT') throw failure
    if (failure !== undefined) throw fail('LOAD_FAILED', { model: name, why: wordsOf(failure) })
  }

  async unload(name: string): Promise<void> {
    if (this.mode !== 'explicit') {
      throw fail('CONTROL_REFUSED', {
        problem: `"${name}" is served because its files are there, and cannot be unloaded`,
        hint: 'remove the files and reload, or start the server with --model-control-mode explicit',
      })
    }
    const known = this.index().some((entry) => entry.name === name)
    if (!known) throw fail('MODEL_NOT_FOUND', { model: name, known: this.#names() })
    this.#asked.delete(name)
    this.#options.lifecycle.unwant(name)
    await this.#options.overrides.drop(name)
  }

  async reload(): Promise<ReloadReport> {
    const { reread, lifecycle, models, log } = this.#options
    this.#reloads.asked += 1
    const number = this.#reloads.asked
    const { source, needRestart } = await reread()
    await this.#refuseWhatIsNotThere(source)
    // one that was asked later has read what is newer
    if (number > this.#reloads.holds) {
      this.#reloads.holds = number
      this.#source = source
      this.#poller?.replace(source)
    }
    await this.#look()
    this.#apply()
    await this.#unlessStopped(lifecycle.whenSettled())
    log.info('reloaded', { models: this.#found.size, needRestart: needRestart.join(', ') })
    return { models: models.list(), needRestart }
  }

  /** A path that is new and cannot be read is a mistake, for which nothing that serves is to end. */
  async #refuseWhatIsNotThere(source: Source): Promise<void> {
    const { lost } = await source.scan()
    const known = new Set([
      ...this.#lost.keys(),
      ...[...this.#found.values()].map((one) => one.root),
    ])
    const [first] = lost.filter(({ root }) => !known.has(root))
    if (first === undefined) return
    throw fail('RELOAD_REFUSED', { problem: `${basename(first.root)}: ${first.why}` })
  }

  async #unlessStopped(settled: Promise<void>): Promise<void> {
    if (this.#stopped) throw fail('DRAINING')
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      void settled.then(resolve).finally(() => this.#waiting.delete(reject))
    })
  }

  /** Looks at the files now, or joins whoever is about to. */
  async #look(): Promise<void> {
    if (this.#poller !== undefined) return this.#poller.lookNow()
    // a look that is under way may have passed what has changed since it began
    await this.#looking
    this.#looking ??= this.#scan().finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  async #scan(): Promise<void> {
    const { models, lost, warnings = [] } = await this.#source.scan()
    const kept = [...this.#found.values()].filter((one) =>
      lost.some(({ root }) => root === one.root),
    )
    this.#tellLost(lost)
    this.#tellWarnings(warnings)
    this.#found = byName(models, kept, lost)
  }

  /** What was found is wanted; under explicit control, what of it was asked for. */
  #apply(): void {
    const { lifecycle, overrides } = this.#options
    if (this.mode !== 'explicit') {
      lifecycle.apply([...this.#found.values()])
      return
    }
    for (const name of this.#asked) {
      lifecycle.want(overrides.of(name) ?? this.#found.get(name) ?? notThere(name))
    }
  }

  #poll(): void {
    const { clock, pollMs, log } = this.#options
    this.#poller = new Poller({
      source: this.#source,
      clock,
      everyMs: pollMs,
      onModels: (models, { lost, warnings = [] }) => {
        this.#tellLost(lost)
        this.#tellWarnings(warnings)
        this.#found = byName(models, [], lost)
        this.#apply()
      },
      onProblem: (cause) => log.error('repositories not read', { cause }),
    })
    this.#poller.start()
  }

  /** Once when it is lost and once when it is back; in between only the metrics count. */
  #tellLost(lost: readonly LostRoot[]): void {
    const { events, log } = this.#options
    const before = this.#lost
    this.#lost = new Map(lost.map(({ root, why }) => [root, why]))
    for (const [repository, why] of this.#lost) {
      events.emit({ kind: 'repository-problem', root: repository })
      if (before.get(repository) !== why) log.error('repository not read', { repository, why })
    }
    for (const repository of before.keys()) {
      if (!this.#lost.has(repository)) log.info('repository is back', { repository })
    }
  }

  /** Each once. */
  #tellWarnings(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (this.#warned.has(warning)) continue
      this.#warned.add(warning)
      this.#options.log.warn(warning)
    }
  }

  #names(): readonly string[] {
    return [...this.#found.keys()].sort()
  }
}

/** A repository that is lost and of which nothing is known is a model that cannot be served. */
function byName(
  models: readonly FoundModel[],
  kept: readonly FoundModel[],
  lost: readonly LostRoot[],
): ReadonlyMap<string, FoundModel> {
  const known = [...models, ...kept]
  const unknown = lost.filter(({ root }) => !known.some((model) => model.root === root))
  return new Map([...unknown.map(modelOfLost), ...known].map((model) => [model.name, model]))
}

const notThere = (name: string): FoundModel => ({
  name,
  root: '',
  spec: fail('MODEL_UNREADABLE', { problem: 'no repository holds a model of this name' }),
})
