/**
 * What lies at one path: a model's file, a model's folder, or a folder of models. What is there and
 * cannot be served is found too, with the reason.
 */
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ListedModel } from '../../config/index.ts'
import { entriesOf } from '../files/entries.ts'
import { errorOf, FolderTexts } from '../files/folder-texts.ts'
import { LOCK } from '../files/lock-file.ts'
import type { ConfigCache } from '../model/config-cache.ts'
import { isModelFolder, type ReadModel, readModelFolder } from '../model/model-folder.ts'
import { lockOf, readSingleFile } from '../model/single-file.ts'
import { readRepository } from './repository-folder.ts'

export interface RootScan {
  readonly models: readonly ReadModel[]
  /** Of what is at the path: another one when something else lies there. */
  readonly identity: string
  readonly isFolder: boolean
  /** Nothing at all lies there. */
  readonly empty: boolean
  /** Folders in it in which a model may be about to come: nothing lies in them yet. */
  readonly blank: readonly string[]
  readonly warnings: readonly string[]
}

/** `listed` is for a path out of a list of TensorFlow Serving. Fails with the system's error. */
export async function scanRoot(
  root: string,
  cache: ConfigCache,
  listed?: ListedModel,
): Promise<RootScan> {
  const found = await stat(root)
  const identity = `${found.dev}:${found.ino}`
  const nothing = { blank: [], warnings: [], identity }
  if (!found.isDirectory() && listed === undefined) {
    const kind = found.isFile() ? 'file' : 'special'
    const beside = new FolderTexts(dirname(root), await realpath(dirname(root)))
    const lock = await lockOf(beside).catch((thrown) => errorOf(thrown, LOCK))
    const models = [await readSingleFile({ path: root, kind, root, lock })]
    return { ...nothing, models, isFolder: false, empty: false }
  }
  const bounds = await realpath(root)
  const entries = await entriesOf(root, bounds)
  const place = { folder: root, entries, root, bounds, listed, cache }
  const about = { ...nothing, isFolder: true, empty: entries.length === 0 }
  if (listed !== undefined || isModelFolder(entries)) {
    return { ...about, models: [await readModelFolder(place)] }
  }
  return { ...about, ...(await readRepository(place)) }
}
