/** What is held of one version, and how it is told. */
import type { ServingError } from '../errors.ts'
import type { VersionRow } from '../repository/index.ts'
import type { Attempt } from './attempt.ts'
import type { Held } from './reconcile.ts'

export interface Slot {
  readonly version: string
  /** Takes requests. */
  serving?: Attempt | undefined
  /** On its way, perhaps to the place of the one that is serving. */
  coming?: Attempt | undefined
  failed?: { readonly fingerprint: string; readonly error: ServingError } | undefined
  /** The files that are loaded when they are asked for. */
  asleep?: string | undefined
  /** Were serving, and are not gone yet. */
  readonly draining: Set<Attempt>
}

export function isEmpty({ serving, coming, failed, asleep, draining }: Slot): boolean {
  const nothing = [serving, coming, failed, asleep].every((one) => one === undefined)
  return nothing && draining.size === 0
}

/** What became of files before is of no interest any more. */
export function forgetPast(slot: Slot): void {
  slot.failed = undefined
  slot.asleep = undefined
}

export function heldIn({ version, serving, coming, failed, asleep }: Slot): Held {
  return {
    version,
    ...(serving !== undefined && { serving: serving.version.fingerprint }),
    ...(coming !== undefined && { coming: coming.version.fingerprint }),
    ...(failed !== undefined && { failed: failed.fingerprint }),
    ...(asleep !== undefined && { asleep }),
  }
}

/**
 * What a version is, as requests and people see it. `wake` loads it for whoever asks. `alone`: no
 * version of the model takes requests.
 */
export function rowOf(
  name: string,
  slot: Slot,
  alone: boolean,
  wake: () => Promise<void>,
): VersionRow {
  const { version, serving, coming, failed, asleep, draining } = slot
  const last = [...draining].findLast(({ opened }) => opened?.finishing !== undefined)
  const finishing = last?.opened?.finishing
  const about = { name, version, ...(finishing !== undefined && { finishing }) }
  const why = failed === undefined ? undefined : wordsOf(failed.error)
  if (serving?.opened !== undefined) {
    const { served } = serving.opened
    const newer = why === undefined ? {} : { why: `its newer files are not served: ${why}` }
    return { ...about, state: 'ready', served, ...newer }
  }
  if (coming !== undefined) {
    const awaited = coming.woken || (alone && coming.replaces !== undefined)
    return { ...about, state: coming.state, ...(awaited && { asleep: true, wake }) }
  }
  if (why !== undefined) return { ...about, state: 'failed', why }
  if (asleep !== undefined) return { ...about, state: 'unloaded', why: ASLEEP, asleep: true, wake }
  return { ...about, state: 'draining' }
}

export const ASLEEP = 'it is loaded when asked'

/** An error as an operator reads it. */
export const wordsOf = ({ message, hint }: ServingError): string =>
  hint === undefined ? message : `${message} (${hint})`
