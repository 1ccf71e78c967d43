/**
 * A model's own folder: what configures it, and its versions. They lie in folders named by whole
 * numbers, or there is one, whose files lie beside what configures it.
 */
import { hash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { ListedModel } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { FoundModel, ModelSpec } from '../model-spec.ts'
import type { ConfigCache } from './config-cache.ts'
import { type Configured, configure } from './configure.ts'
import { eachAtMost } from './each-at-most.ts'
import { type Entry, entriesOf, refuseKind } from './entries.ts'
import { CONFIG_FILES, errorOf, FolderTexts, MODEL_SETTINGS } from './folder-texts.ts'
import { modelAmong } from './formats.ts'
import { checkLock, requireDigest } from './lock-check.ts'
import { LOCK, type Lock, parseLock } from './lock-file.ts'
import { stampFolder } from './stamp.ts'
import { type ReadVersion, readVersion, unreadVersion } from './version-folder.ts'
import { type VersionFolder, versionFolders } from './version-folders.ts'

/** In whose words a model lies there. */
export type Layout = 'file' | 'folder' | 'Triton' | 'TensorFlow Serving' | 'MLServer'

export interface ReadModel extends FoundModel {
  readonly layout: Layout
  /** Where its files lie: each is worth watching. */
  readonly folders: readonly string[]
}

export interface ModelPlace {
  readonly folder: string
  readonly entries: readonly Entry[]
  /** The path that was given. */
  readonly root: string
  /** A real path that no link may leave. */
  readonly bounds: string
  /** Where the model stands in a list of TensorFlow Serving. */
  readonly listed?: ListedModel | undefined
  /** What configured it at the last look. */
  readonly cache: ConfigCache
}

/** Whether what lies in a folder makes it that of a model. */
export const isModelFolder = (entries: readonly Entry[]): boolean =>
  modelAmong(entries) !== undefined ||
  entries.some(({ name }) => CONFIG_FILES.includes(name) || /^\d+$/.test(name))

/** What is wrong with the model is told with it. */
export async function readModelFolder(place: ModelPlace): Promise<ReadModel> {
  const { folder, entries, root, listed } = place
  const name = listed?.name ?? basename(folder)
  const layout = layoutOf(entries, listed)
  const versions = versionFolders(entries, { leadingZeros: listed !== undefined })
  const folders = [folder, ...versions.counted.map(({ entry }) => join(folder, entry.name))]
  try {
    const spec = await readSpec(place, versions.counted, versions.warnings)
    return { name: spec.name, root, spec, layout, folders }
  } catch (thrown) {
    return { name, root, spec: errorOf(thrown, name), layout, folders }
  }
}

async function readSpec(
  place: ModelPlace,
  numbered: readonly VersionFolder[],
  told: readonly string[],
): Promise<ModelSpec> {
  const { folder, entries, bounds, listed } = place
  const texts = new FolderTexts(folder, bounds)
  await texts.readUsual(entries)
  const configured = await place.cache.configured(folder, texts, () =>
    configureFolder(place, numbered, texts),
  )
  if (numbered.length === 0 && told.length > 0 && modelAmong(entries) === undefined) {
    const problem = `${basename(folder)} holds no version: ${told.join('; ')}`
    throw fail('MODEL_UNREADABLE', { problem })
  }
  const lockText = texts.get(LOCK)
  const lock = lockText === undefined ? undefined : parseLock(lockText)
  if (lock !== undefined) {
    for (const [path, { sha256 }] of texts.all) {
      if (path !== LOCK) requireDigest(lock, path, sha256)
    }
  }
  const read = await readVersions(place, numbered, configured, texts)
  const versions = lock === undefined ? read : await heldAgainst(lock, place, numbered, read)
  return {
    name: listed?.name ?? configured.config.name ?? basename(folder),
    folder,
    config: configured.config,
    ...(texts.changedAt !== undefined && { configChangedAt: texts.changedAt }),
    ...(configured.triton !== undefined && { triton: configured.triton }),
    versions: versions.map(({ stamps: _stamps, ...version }) => version),
    ...(lock !== undefined && { lock }),
    warnings: [...configured.warnings, ...told, ...besideVersions(entries, numbered)],
  }
}

/** Settings of MLServer that lie in the versions' folders: the newest one's hold for the model. */
async function configureFolder(
  { folder, entries, bounds, listed }: ModelPlace,
  numbered: readonly VersionFolder[],
  texts: FolderTexts,
): Promise<Configured> {
  const name = basename(folder)
  const newest = numbered.at(-1)?.entry
  const has = (list: readonly Entry[]) => list.some((entry) => entry.name === MODEL_SETTINGS)
  if (newest?.kind !== 'folder' || has(entries)) return configure({ name, texts, listed })
  const inside = await entriesOf(join(folder, newest.name), bounds).catch(() => [])
  if (!has(inside)) return configure({ name, texts, listed })
  const settingsPath = `${newest.name}/${MODEL_SETTINGS}`
  await texts.read(settingsPath)
  return configure({ name, texts, listed, settingsPath })
}

async function readVersions(
  { folder, entries, bounds, listed }: ModelPlace,
  numbered: readonly VersionFolder[],
  { settings, modelFilename }: Configured,
  texts: FolderTexts,
): Promise<readonly ReadVersion[]> {
  const name = basename(folder)
  const configured = hash('sha256', `${texts.digest}${JSON.stringify(listed?.layer.value ?? null)}`)
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
  { folder, entries, bounds }: ModelPlace,
  numbered: readonly VersionFolder[],
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

function layoutOf(entries: readonly Entry[], listed: ListedModel | undefined): Layout {
  const has = (wanted: string) => entries.some(({ name }) => name === wanted)
  if (listed !== undefined) return 'TensorFlow Serving'
  if (has('config.pbtxt')) return 'Triton'
  return has(MODEL_SETTINGS) ? 'MLServer' : 'folder'
}

const VERSIONS_AT_ONCE = 4
