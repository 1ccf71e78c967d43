/** The specification of a model's folder whose configuration is known: its versions, and its lock. */
import { hash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { ListedModel } from '../../config/index.ts'
import { fail, ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import { eachAtMost } from '../files/each-at-most.ts'
import { type Entry, refuseKind } from '../files/entries.ts'
import type { FolderTexts } from '../files/folder-texts.ts'
import { modelAmong } from '../files/formats.ts'
import { checkLock, requireDigest } from '../files/lock-check.ts'
import { LOCK, type Lock, parseLock } from '../files/lock-file.ts'
import { stampFolder } from '../files/stamp.ts'
import type { Configured } from './configure.ts'
import { type ReadVersion, readVersion, unreadVersion } from './version-folder.ts'
import type { VersionFolder } from './version-folders.ts'

export interface ConfiguredFolder {
  readonly name: string
  readonly folder: string
  readonly entries: readonly Entry[]
  /** A real path that no link may leave. */
  readonly bounds: string
  /** Oldest first. */
  readonly numbered: readonly VersionFolder[]
  /** What was read of it. */
  readonly texts: FolderTexts
  readonly configured: Configured
  readonly listed?: ListedModel | undefined
  /** What configures it besides its texts. */
  readonly besides?: string
}

/** Fails with MODEL_UNREADABLE or DIGEST_MISMATCH for what concerns all versions. */
export async function specOfFolder(model: ConfiguredFolder): Promise<ModelSpec> {
  const { name, folder, entries, numbered, texts, configured } = model
  const lock = lockOf(texts)
  const read = await readVersions(model)
  const versions = lock === undefined ? read : await heldAgainst(lock, model, read)
  return {
    name,
    folder,
    config: configured.config,
    ...(texts.changedAt !== undefined && { configChangedAt: texts.changedAt }),
    ...(configured.triton !== undefined && { triton: configured.triton }),
    versions: versions.map(({ stamps: _stamps, ...version }) => version),
    ...(lock !== undefined && { lock }),
    warnings: [...configured.warnings, ...besideVersions(entries, numbered)],
  }
}

/** What was read must be what the lock says. */
function lockOf(texts: FolderTexts): Lock | undefined {
  const text = texts.get(LOCK)
  if (text === undefined) return undefined
  const lock = parseLock(text)
  for (const [path, { sha256 }] of texts.all) {
    if (path !== LOCK) requireDigest(lock, path, sha256)
  }
  return lock
}

async function readVersions(model: ConfiguredFolder): Promise<readonly ReadVersion[]> {
  const { folder, entries, bounds, listed, numbered, texts, besides = '' } = model
  const { settings, modelFilename } = model.configured
  const name = basename(folder)
  const listing = JSON.stringify(listed?.layer.value ?? null)
  const configured = hash('sha256', [texts.digest, listing, besides].join('\0'))
  const common = { bounds, configured, configFiles: new Set([...texts.all.keys()]) }
  if (numbered.length === 0 && listed === undefined) {
    const only = {
      ...common,
      version: settings?.version ?? '1',
      home: folder,
      prefix: '',
      title: name,
      entries,
      named: settings?.uri ?? modelFilename,
    }
    return [await readVersion(only)]
  }
  return eachAtMost(VERSIONS_AT_ONCE, numbered, async ({ version, entry }) => {
    const title = `${name}/${entry.name}`
    if (entry.kind !== 'folder') {
      const problem = `${title}: it is no folder`
      const error = refuseKind(entry.kind, title) ?? fail('MODEL_UNREADABLE', { problem })
      return unreadVersion({ version, configured }, error)
    }
    const home = join(folder, entry.name)
    const prefix = `${entry.name}/`
    return readVersion({ ...common, version, home, prefix, title, named: modelFilename })
  })
}

async function heldAgainst(
  lock: Lock,
  { folder, entries, bounds, numbered }: ConfiguredFolder,
  read: readonly ReadVersion[],
): Promise<readonly ReadVersion[]> {
  const prefixes = numbered.map(({ entry }) => `${entry.name}/`)
  const isVersion = (path: string) => prefixes.includes(`${path}/`)
  const beside =
    numbered.length === 0
      ? []
      : (await stampFolder(folder, { bounds, prefix: '', entries, skip: isVersion })).files
  const files = [...beside, ...read.flatMap(({ stamps }) => stamps?.files ?? [])]
  const { problem, ofVersions } = checkLock(
    lock,
    files.map(({ path }) => path),
    prefixes,
  )
  if (problem !== undefined) throw problem
  return read.map((version, at) => {
    const error = ofVersions.get(prefixes[at] ?? '')
    return error === undefined || version.path instanceof ServingError
      ? version
      : { ...version, path: error, sealed: false }
  })
}

function besideVersions(
  entries: readonly Entry[],
  numbered: readonly VersionFolder[],
): readonly string[] {
  const beside = numbered.length === 0 ? undefined : modelAmong(entries)
  return beside === undefined
    ? []
    : [`${beside.name} is not served: it lies beside version folders`]
}

const VERSIONS_AT_ONCE = 4
