/** A folder of models: each a file, or a folder of its own. What has nothing of a model is none. */
import { basename, join } from 'node:path'
import { ConfigError, serverSettingsWarnings } from '../../config/index.ts'
import { fail } from '../../errors.ts'
import { eachAtMost } from '../files/each-at-most.ts'
import { type Entry, entriesOf, isFolder, refuseKind } from '../files/entries.ts'
import { errorOf, FolderTexts, MODEL_SETTINGS } from '../files/folder-texts.ts'
import { isModelFile } from '../files/formats.ts'
import { LOCK } from '../files/lock-file.ts'
import {
  isModelFolder,
  type ModelPlace,
  type ReadModel,
  readModelFolder,
} from '../model/model-folder.ts'
import { lockOf, readSingleFile } from '../model/single-file.ts'
import { joinVersions } from './joined-versions.ts'
import { originalsFirst } from './names.ts'

/** With what is to be told of the folder as a whole, and folders in it that are empty as yet. */
export async function readRepository({ folder, entries, root, bounds, cache }: ModelPlace) {
  const texts = new FolderTexts(folder, bounds)
  const lock = await lockOf(texts).catch((thrown) => errorOf(thrown, LOCK))
  const blank: string[] = []
  const models = await eachAtMost(MODELS_AT_ONCE, entries, async ({ name, kind }) => {
    const path = join(folder, name)
    if (kind === 'folder') return await readInside({ folder: path, root, bounds, cache }, blank)
    if (isModelFile(name)) return [await readSingleFile({ path, kind, root, lock })]
    return kind === 'outside' && (await isFolder(path)) ? [strayFolder(name, root)] : []
  })
  const folders = lock !== undefined && entries.some(({ kind }) => kind === 'folder')
  const unlocked = `${LOCK} holds for the files beside it, a folder of a model has its own`
  const warnings = [...(folders ? [unlocked] : []), ...(await settingsWarnings(texts))]
  return { models: originalsFirst(joinVersions(models.flat(), folder)), blank, warnings }
}

async function readInside(
  place: Omit<ModelPlace, 'entries'>,
  blank: string[],
): Promise<readonly ReadModel[]> {
  const { folder, root, bounds } = place
  let entries: readonly Entry[]
  try {
    entries = await entriesOf(folder, bounds)
  } catch (thrown) {
    // gone since it was listed
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    const name = basename(folder)
    return [{ name, root, spec: errorOf(thrown, name), layout: 'folder', folders: [folder] }]
  }
  if (entries.length === 0) blank.push(folder)
  if (isModelFolder(entries)) return [await readModelFolder({ ...place, entries })]
  return await readNoModel({ ...place, entries })
}

/** Models of MLServer may lie a folder deeper. What else has traces of a model is told of. */
async function readNoModel(place: ModelPlace): Promise<readonly ReadModel[]> {
  const { folder, entries, root, bounds, cache } = place
  const deeper: ReadModel[] = []
  const traces = entries.filter(({ kind, name }) => kind !== 'folder' && isModelFile(name))
  const folders = entries.filter(({ kind }) => kind === 'folder')
  for (const { name, kind } of folders.slice(0, MOST_LOOKED_INTO)) {
    const inner = join(folder, name)
    const inside = await entriesOf(inner, bounds).catch(() => [])
    if (inside.some((entry) => entry.name === MODEL_SETTINGS)) {
      deeper.push(await readModelFolder({ folder: inner, entries: inside, root, bounds, cache }))
    } else if (isModelFolder(inside)) traces.push({ name: `${name}/`, kind })
  }
  if (deeper.length > 0) return joinVersions(deeper, folder)
  if (traces.length === 0) return []
  const name = basename(folder)
  const got = traces.slice(0, 5).map((trace) => trace.name)
  const spec = fail('MODEL_UNREADABLE', {
    problem: `${name} holds no model file, expected model.onnx or a folder for each version, such as 1/, got ${got.join(', ')}`,
    hint: 'a folder of models within another is given as a path of its own',
  })
  return [{ name, root, spec, layout: 'folder', folders: [folder] }]
}

/** What lies there might be a model, and is not looked at. */
function strayFolder(name: string, root: string): ReadModel {
  const spec = refuseKind('outside', name)!
  return { name, root, spec, layout: 'folder', folders: [] }
}

/** Another tool's file of this name is nothing to tell of. */
async function settingsWarnings(texts: FolderTexts): Promise<readonly string[]> {
  try {
    const text = await texts.readIfThere(SERVER_SETTINGS)
    return text === undefined ? [] : serverSettingsWarnings(text, SERVER_SETTINGS)
  } catch (thrown) {
    if (thrown instanceof ConfigError) return []
    return [errorOf(thrown, SERVER_SETTINGS).message]
  }
}

/** Of MLServer, for the whole server. */
const SERVER_SETTINGS = 'settings.json'

const MODELS_AT_ONCE = 4
const MOST_LOOKED_INTO = 100
