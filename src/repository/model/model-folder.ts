/**
 * A model's own folder: what configures it, and its versions. They lie in folders named by whole
 * numbers, or there is one, whose files lie beside what configures it.
 */
import { basename, join } from 'node:path'
import type { ListedModel } from '../../config/index.ts'
import { fail } from '../../errors.ts'
import type { FoundModel, ModelSpec } from '../../model-spec.ts'
import { type Entry, entriesOf } from '../files/entries.ts'
import { CONFIG_FILES, errorOf, FolderTexts, MODEL_SETTINGS } from '../files/folder-texts.ts'
import { modelAmong } from '../files/formats.ts'
import type { ConfigCache } from './config-cache.ts'
import { type Configured, configure } from './configure.ts'
import { specOfFolder } from './folder-spec.ts'
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
  const name = listed?.name ?? configured.config.name ?? basename(folder)
  const spec = await specOfFolder({ ...place, name, numbered, texts, configured })
  return { ...spec, warnings: [...spec.warnings, ...told] }
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

function layoutOf(entries: readonly Entry[], listed: ListedModel | undefined): Layout {
  const has = (wanted: string) => entries.some(({ name }) => name === wanted)
  if (listed !== undefined) return 'TensorFlow Serving'
  if (has('config.pbtxt')) return 'Triton'
  return has(MODEL_SETTINGS) ? 'MLServer' : 'folder'
}
