/**
 * The versions known to this server, each in one state, and the ways to find one.
 *
 * What is known of a model is replaced as a whole, in one turn of the event loop: a request finds
 * the old or the new, never something between. Every change of a state is emitted as an event.
 * Looking up takes no lock and copies nothing.
 */
import { type Call, whileWaited } from '../call.ts'
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

/** What is known of a version. */
export interface VersionRow extends ModelStatus {
  /** Of one that is loaded when asked: settles when that has been done. Any number may wait for it. */
  readonly wake?: () => Promise<void>
  /** What drains of it, for the sequences that are under way there. */
  readonly finishing?: ServedModel
}

interface Entry {
  readonly rows: readonly VersionRow[]
  /** By number and by label. */
  readonly byVersion: ReadonlyMap<string, VersionRow>
  readonly stable: ServedModel | undefined
}

export class Registry implements Models {
  readonly #options: RegistryOptions
  readonly #models = new Map<string, Entry>()
  #list: readonly ModelStatus[] | undefined
  /** Whether what is wanted at the start is known, and has settled. */
  #start: 'unknown' | 'known' | 'settled' = 'unknown'
  #accepting = true

  constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** All that is known of a model from now on: its versions, oldest first. None forgets it. */
  publish(name: string, rows: readonly VersionRow[]): void {
    const before = this.#models.get(name)
    this.#list = undefined
    const entry = entryOf(rows)
    if (rows.length === 0) this.#models.delete(name)
    else this.#models.set(name, entry)
    const version = entry.stable?.version
    if (version !== before?.stable?.version) {
      const named = version === undefined ? {} : { version }
      this.#options.events.emit({ kind: 'stable', model: name, ...named })
    }
    for (const row of rows) {
      const known = before?.byVersion.get(row.version)
      if (known?.state !== row.state || known.why !== row.why) this.#tell(row)
    }
    for (const { version, state } of before?.rows ?? []) {
      if (state === 'unloaded' || rows.some((row) => row.version === version)) continue
      this.#tell({ name, version, state: 'unloaded' })
    }
    this.#settle()
  }

  /** What is wanted at the start has been published. Before, the server is not ready. */
  startIsKnown(): void {
    this.#start = 'known'
    this.#settle()
  }

  /** From now on the server is not ready, whatever its models are. */
  stopAccepting(): void {
    this.#accepting = false
  }

  find(name: string, version?: string): ServedModel {
    const entry = this.#models.get(name)
    if (entry === undefined) throw fail('MODEL_NOT_FOUND', { model: name, known: this.#names() })
    if (version === undefined) {
      if (entry.stable !== undefined) return entry.stable
      throw notReady(mostHopeful(entry.rows))
    }
    const row = entry.byVersion.get(version)
    if (row === undefined) {
      throw fail('VERSION_NOT_FOUND', { model: name, version, known: versionsOf(entry.rows) })
    }
    if (row.served !== undefined) return row.served
    throw notReady(row)
  }

  findToAsk(name: string, version?: string): ServedModel {
    const entry = this.#models.get(name)
    const row =
      version === undefined
        ? entry?.stable === undefined && entry?.rows.findLast(isFinishing)
        : entry?.byVersion.get(version)
    if (!row || row.served !== undefined) return this.find(name, version)
    return row.finishing ?? this.find(name, version)
  }

  wake(name: string, version: string | undefined, call: Call): Promise<void> | undefined {
    const entry = this.#models.get(name)
    if (entry === undefined || (version === undefined && entry.stable !== undefined)) return
    const row = version === undefined ? sleeping(entry.rows) : entry.byVersion.get(version)
    return row?.wake === undefined ? undefined : whileWaited(row.wake(), call)
  }

  defaultName(): string {
    const { defaultModel } = this.#options
    if (defaultModel !== undefined) return defaultModel
    const known = this.#names()
    if (known.length === 1) return known[0]!
    throw fail('MODEL_AMBIGUOUS', { known })
  }

  list(): readonly ModelStatus[] {
    this.#list ??= this.#names().flatMap((name) => this.#models.get(name)!.rows)
    return this.#list
  }

  ready(): boolean {
    if (!this.#accepting) return false
    // a model that comes later takes readiness from nobody
    if (this.#start !== 'settled') return false
    const models = [...this.#models.values()]
    const able = models.filter(
      ({ stable, rows }) => stable !== undefined || sleeping(rows) !== undefined,
    )
    const wanted = models.filter(({ rows }) => !rows.every(({ state }) => state === 'unloaded'))
    if (this.#options.strict) return wanted.every((model) => able.includes(model))
    return able.length > 0 || wanted.length === 0
  }

  #settle(): void {
    if (this.#start !== 'known') return
    const entries = [...this.#models.values()]
    if (entries.some(({ stable, rows }) => stable === undefined && isStarting(rows))) return
    this.#start = 'settled'
  }

  #names(): readonly string[] {
    return [...this.#models.keys()].sort()
  }

  #tell({ name, version, state, why }: VersionRow): void {
    const reason = why === undefined ? {} : { why }
    this.#options.events.emit({ kind: 'state', model: name, version, state, ...reason })
  }
}

function entryOf(rows: readonly VersionRow[]): Entry {
  const labelled = rows.flatMap((row) => (row.labels ?? []).map((label) => [label, row] as const))
  const numbered = rows.map((row) => [row.version, row] as const)
  return {
    rows,
    byVersion: new Map([...labelled, ...numbered]),
    stable: rows.find(({ stable }) => stable === true)?.served,
  }
}

const COMING: readonly ModelState[] = ['queued', 'loading', 'warming']

const isComing = ({ state }: VersionRow): boolean => COMING.includes(state)

const isFinishing = ({ finishing }: VersionRow): boolean => finishing !== undefined

/** One that is loaded when asked can be asked already, also while it is on its way. */
const isStarting = (rows: readonly VersionRow[]): boolean =>
  rows.some(isComing) && sleeping(rows) === undefined

/** The newest version that is loaded when asked. */
const sleeping = (rows: readonly VersionRow[]): VersionRow | undefined =>
  rows.findLast(({ wake }) => wake !== undefined)

/** The row that tells best when there will be an answer, or why there is none. */
function mostHopeful(rows: readonly VersionRow[]): VersionRow {
  return (
    rows.findLast(isComing) ??
    sleeping(rows) ??
    rows.findLast(({ state }) => state === 'failed') ??
    rows.at(-1)!
  )
}

const notReady = ({ name, state, why }: VersionRow) =>
  fail('MODEL_NOT_READY', { model: name, state, ...(why === undefined ? {} : { why }) })

const versionsOf = (rows: readonly VersionRow[]): readonly string[] =>
  rows.map(({ version }) => version).filter((version) => version !== '')
