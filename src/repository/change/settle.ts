/**
 * What of a scan may be acted on. A model that is being copied looks like any other, so what was
 * not there before is acted on only once it stands still.
 *
 * - A version is acted on when it was seen unchanged for `SETTLE_MS`, in two scans or more, or at
 *   once when it is sealed. Until then what was acted on before stays; and so does for a while
 *   what is gone.
 * - What configures a model is no part of what is sealed: when it changes, the model is held back
 *   as a whole until that stands still.
 * - The models of a root that is lost stay as they are until it is back.
 * - The first scan goes by the times of files as well, since most of what it finds has lain there
 *   for long. Later scans do not: the clock that sets those times may be that of another machine.
 */
import type { FoundModel } from '../../model-spec.ts'
import type { Scan } from '../source.ts'
import { type Look, type ModelSettling, type Moment, settleModel } from './settle-model.ts'

export { type Moment, SETTLE_MS } from './settle-model.ts'

/** What is remembered from one scan to the next. */
export interface Settling {
  readonly models: ReadonlyMap<string, ModelSettling>
}

export interface Settled {
  readonly state: Settling
  /** In the order of names. One of which nothing has changed is the same object as before. */
  readonly models: readonly FoundModel[]
  /** How long after it to scan again; left out where everything stands still. */
  readonly lookAgainInMs?: number
}

/** Without a state it is the first scan. */
export function settle(state: Settling | undefined, scan: Scan, moment: Moment): Settled {
  const found = new Map(scan.models.map((model) => [model.name, model]))
  const lost = new Set(scan.lost.map(({ root }) => root))
  const look: Look = { ...moment, isFirst: state === undefined }
  const models = new Map<string, ModelSettling>()
  for (const name of new Set([...(state?.models.keys() ?? []), ...found.keys()])) {
    const before = state?.models.get(name)
    const settled = before?.settled
    const after =
      settled !== undefined && lost.has(settled.root)
        ? { settled, sightings: new Map(), againAtMs: Infinity }
        : settleModel(before, found.get(name), look)
    if (after !== undefined) models.set(name, after)
  }
  const all = [...models.values()]
  const againAtMs = Math.min(...all.map((model) => model.againAtMs))
  return {
    state: { models },
    models: all.flatMap(({ settled }) => settled ?? []).sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(againAtMs < Infinity && {
      lookAgainInMs: Math.ceil(Math.max(0, againAtMs - moment.endedMs)),
    }),
  }
}
