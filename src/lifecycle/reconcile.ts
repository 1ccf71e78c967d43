/** What is to be done so that what is wanted of a model is what is served of it. */
import type { VersionSpec } from '../model-spec.ts'

/** What is held of a version. The fingerprints say of which files. */
export interface Held {
  readonly version: string
  /** Takes requests. */
  readonly serving?: string
  /** On its way to take requests. */
  readonly coming?: string
  /** Could not be served. */
  readonly failed?: string
  /** Loaded when it is asked for. */
  readonly asleep?: string
}

export interface Actions {
  readonly load: readonly VersionSpec[]
  /** On their way, and not to arrive. */
  readonly cancel: readonly string[]
  /** Serving, and not to take requests any more. */
  readonly retire: readonly string[]
  /** Failed or asleep, and of no interest any more. */
  readonly forget: readonly string[]
}

/**
 * Make before break: what serves and is not wanted any more stays until something that is wanted
 * takes requests, unless nothing is wanted at all. What has failed is tried again when its files
 * have changed.
 */
export function reconcile(wanted: readonly VersionSpec[], held: readonly Held[]): Actions {
  const heldOf = (version: string) => held.find((one) => one.version === version)
  const isWanted = (version: string) => wanted.some((one) => one.version === version)
  const replaced =
    wanted.length === 0 || wanted.some(({ version }) => heldOf(version)?.serving !== undefined)
  return {
    load: wanted.filter(({ version, fingerprint }) => !has(heldOf(version), fingerprint)),
    cancel: held
      .filter(({ version, coming }) => {
        const files = wanted.find((one) => one.version === version)?.fingerprint
        return coming !== undefined && coming !== files
      })
      .map(({ version }) => version),
    retire: held
      .filter(({ version, serving }) => serving !== undefined && replaced && !isWanted(version))
      .map(({ version }) => version),
    forget: held
      .filter(({ version, serving, coming }) => {
        return serving === undefined && coming === undefined && !isWanted(version)
      })
      .map(({ version }) => version),
  }
}

function has(held: Held | undefined, fingerprint: string): boolean {
  if (held === undefined) return false
  const { serving, coming, failed, asleep } = held
  // files that came back while others were on their way are served already
  if (coming !== undefined) return coming === fingerprint || serving === fingerprint
  return [serving, failed, asleep].includes(fingerprint)
}
