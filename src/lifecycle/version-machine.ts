/** The life of one attempt to serve a version, as a table: what may follow what. */
import { strict as assert } from 'node:assert'
import type { ModelState } from '../models.ts'

/**
 * - begin: its turn to load has come · loaded: it is in memory · warmed: it has answered
 * - fail: some step did not succeed · retire: it is not wanted any more
 * - drained: all that it took is answered and its memory is free
 */
export type VersionEvent = 'begin' | 'loaded' | 'warmed' | 'fail' | 'retire' | 'drained'

/** Fails on what cannot happen: an attempt that ended does not begin again, another one does. */
export function after(state: ModelState, event: VersionEvent): ModelState {
  const next = table[state][event]
  assert(next !== undefined, `a version that is ${state} is not ${event}`)
  return next
}

const table: Readonly<Record<ModelState, Partial<Record<VersionEvent, ModelState>>>> = {
  queued: { begin: 'loading', fail: 'failed', retire: 'unloaded' },
  loading: { loaded: 'warming', fail: 'failed', retire: 'unloaded' },
  warming: { warmed: 'ready', fail: 'failed', retire: 'unloaded' },
  ready: { retire: 'draining' },
  draining: { drained: 'unloaded' },
  unloaded: {},
  failed: {},
}
