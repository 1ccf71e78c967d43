/** One model between two scans: what of it may be acted on. The rules are told in `settle.ts`. */
import { isDeepStrictEqual } from 'node:util'
import { ServingError } from '../../errors.ts'
import type { FoundModel, ModelSpec, VersionSpec } from '../../model-spec.ts'
import { compareVersions } from '../../version-order.ts'

/** How long something must stay the same: longer than the clocks of most file systems take to tick. */
export const SETTLE_MS = 2_000

/** When a scan was made: what it found, it saw at some moment in between. */
export interface Moment {
  /** Of a clock that never jumps. */
  readonly beganMs: number
  readonly endedMs: number
  /** When it began, since 1970: to be held against the times of files. */
  readonly wallMs: number
}

export interface Look extends Moment {
  readonly isFirst: boolean
}

export interface ModelSettling {
  /** What may be acted on; undefined where nothing of it is. */
  readonly settled: FoundModel | undefined
  readonly sightings: Sightings
  /** When to look again, by the clock of `Moment`; infinite where nothing is awaited. */
  readonly againAtMs: number
}

/** By version; the model as a whole under `WHOLE`. */
type Sightings = ReadonlyMap<string, Sighting>

interface Sighting {
  readonly what: unknown
  /** The end of the first scan from which on it looked like this. */
  readonly sinceMs: number
}

/** Undefined for a model that is gone, once that may be acted on. */
export function settleModel(
  before: ModelSettling | undefined,
  found: FoundModel | undefined,
  look: Look,
): ModelSettling | undefined {
  const settled = before?.settled
  if (found === undefined && settled === undefined) return undefined
  const sightings = sightingsOf(found, before, look)
  const standsFrom = (key: string) => sightings.get(key)!.sinceMs + SETTLE_MS
  const stands = (key: string) => look.beganMs >= standsFrom(key)
  const upTo = (model: FoundModel | undefined, awaited: readonly string[]): ModelSettling => ({
    settled: model,
    sightings,
    againAtMs: Math.min(...awaited.map(standsFrom)),
  })

  const isKnown = settled !== undefined && isDeepStrictEqual(wholeOf(settled), wholeOf(found))
  if (!isKnown && !stands(WHOLE) && !mayActAtOnce(found, settled, look)) {
    return upTo(settled, [WHOLE])
  }
  if (found === undefined) return undefined
  const { spec } = found
  if (spec instanceof ServingError) return upTo(isKnown ? settled : found, [])

  const known = versionsBefore(settled, spec)
  const { versions, awaited } = mergeVersions(known, spec.versions, {
    come: (version) =>
      version.sealed || stands(version.version) || (look.isFirst && isOld(version, look)),
    gone: (version) => stands(version.version),
  })
  // a model whose every version is awaited is not there yet, or is what it was
  const isAwaited = versions.length === 0 && awaited.length > 0
  const isUnchanged = isKnown && isDeepStrictEqual(versions, known)
  if (isAwaited || isUnchanged) return upTo(settled, awaited)
  return upTo({ ...found, spec: { ...spec, versions } }, awaited)
}

interface MayActOn {
  come(version: VersionSpec): boolean
  gone(version: VersionSpec): boolean
}

/** The versions to act on, and the numbers of those that are to change in a while. */
function mergeVersions(
  known: readonly VersionSpec[],
  found: readonly VersionSpec[],
  mayActOn: MayActOn,
) {
  const before = new Map(known.map((version) => [version.version, version]))
  const versions: VersionSpec[] = []
  const awaited: string[] = []
  for (const version of found) {
    const old = before.get(version.version)
    before.delete(version.version)
    const isSame = old !== undefined && isDeepStrictEqual(looksOf(old), looksOf(version))
    if (isSame) versions.push(old)
    else if (mayActOn.come(version)) versions.push(version)
    else {
      awaited.push(version.version)
      if (old !== undefined) versions.push(old)
    }
  }
  for (const old of before.values()) {
    if (mayActOn.gone(old)) continue
    awaited.push(old.version)
    versions.push(old)
  }
  return { versions: versions.sort((a, b) => compareVersions(a.version, b.version)), awaited }
}

function sightingsOf(
  found: FoundModel | undefined,
  before: ModelSettling | undefined,
  { endedMs }: Look,
): Sightings {
  const seen = new Map<string, unknown>([[WHOLE, wholeOf(found)]])
  if (found !== undefined && !(found.spec instanceof ServingError)) {
    const { folder, versions } = found.spec
    for (const { version } of versionsBefore(before?.settled, found.spec)) seen.set(version, GONE)
    for (const version of versions) seen.set(version.version, [folder, looksOf(version)])
  }
  const sightings = new Map<string, Sighting>()
  for (const [key, what] of seen) {
    const last = before?.sightings.get(key)
    const isSame = last !== undefined && isDeepStrictEqual(last.what, what)
    sightings.set(key, isSame ? last : { what, sinceMs: endedMs })
  }
  return sightings
}

/** Of a model that nobody knew. */
function mayActAtOnce(
  found: FoundModel | undefined,
  settled: FoundModel | undefined,
  look: Look,
): boolean {
  if (found === undefined || settled !== undefined) return false
  const { spec } = found
  // nothing is loaded of a model that is wrong
  if (spec instanceof ServingError) return look.isFirst
  if (spec.versions.length === 0 && !look.isFirst) return false
  return spec.configChangedAt === undefined || look.wallMs - spec.configChangedAt >= SETTLE_MS
}

function isOld({ path, changedAt }: VersionSpec, { wallMs }: Look): boolean {
  if (changedAt === undefined) return path instanceof ServingError
  return wallMs - changedAt >= SETTLE_MS
}

/** What the model is, but for its versions. */
function wholeOf(found: FoundModel | undefined): unknown {
  if (found === undefined) return GONE
  const { root, spec } = found
  if (spec instanceof ServingError) return [root, textOf(spec)]
  const { folder, config, triton, lock, warnings } = spec
  return { root, folder, config, triton, lock, warnings }
}

const looksOf = ({ path, fingerprint }: VersionSpec): unknown => [
  fingerprint,
  path instanceof ServingError ? textOf(path) : path,
]

const textOf = ({ reason, message }: ServingError): string => `${reason}: ${message}`

/** None where another folder has taken the place of the model's. */
function versionsBefore(settled: FoundModel | undefined, { folder }: ModelSpec) {
  if (settled === undefined || settled.spec instanceof ServingError) return []
  return settled.spec.folder === folder ? settled.spec.versions : []
}

const WHOLE = 'whole' // no version
const GONE = 'gone'
