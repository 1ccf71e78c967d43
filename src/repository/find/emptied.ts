/**
 * Folders that were those of models and have nothing of one any more. They may be about to be
 * filled anew, so that their models are not gone: what serves goes on until the folders are gone too.
 */
import { basename } from 'node:path'
import { fail } from '../../errors.ts'
import { isFolder } from '../files/entries.ts'
import type { ReadModel } from '../model/model-folder.ts'

/** Of the models that were found `before` those whose folders are still there, and are no models now. */
export async function emptiedModels(
  before: readonly ReadModel[],
  now: readonly ReadModel[],
): Promise<readonly ReadModel[]> {
  const known = new Set(now.flatMap(({ name, folders }) => [name, ...folders]))
  const emptied: ReadModel[] = []
  for (const model of before) {
    const [folder] = model.folders
    if (folder === undefined || known.has(folder) || known.has(model.name)) continue
    if (await isFolder(folder)) emptied.push({ ...model, folders: [folder], spec: nothing(folder) })
  }
  return emptied
}

const nothing = (folder: string) =>
  fail('MODEL_UNREADABLE', {
    problem: `${basename(folder)} holds no version any more`,
    hint: 'take the folder away as well to end the model',
  })
