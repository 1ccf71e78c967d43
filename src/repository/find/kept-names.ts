/** The names of models that cannot say theirs any more. */
import { ServingError } from '../../errors.ts'
import type { ReadModel } from '../model/model-folder.ts'

/**
 * What configures a model says its name. One that cannot be read any more keeps the name it had
 * `before`, since under another it would be another model, and this one gone.
 */
export function keptNames(
  before: readonly ReadModel[],
  now: readonly ReadModel[],
): readonly ReadModel[] {
  const names = new Map(before.map(({ name, folders }) => [folders[0], name]))
  return now.map((model) => {
    const [folder] = model.folders
    const name = folder === undefined ? undefined : names.get(folder)
    return model.spec instanceof ServingError && name !== undefined ? { ...model, name } : model
  })
}
