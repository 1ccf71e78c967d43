/** Folders of MLServer that are versions of one model: same name, each with a number of its own. */
import { ServingError } from '../../errors.ts'
import type { ModelSpec } from '../../model-spec.ts'
import { compareVersions } from '../../version-order.ts'
import type { ReadModel } from '../model/model-folder.ts'

/** `folder` is where all of them lie. What cannot be joined stays as it is. */
export function joinVersions(models: readonly ReadModel[], folder: string): readonly ReadModel[] {
  const byName = Map.groupBy(models, ({ name }) => name)
  return [...byName.values()].flatMap((group) => {
    const specs = group.flatMap(({ spec }) => (spec instanceof ServingError ? [] : [spec]))
    const numbers = new Set(specs.flatMap(({ versions }) => versions.map(({ version }) => version)))
    const ofServer = group.every(({ layout }) => layout === 'MLServer')
    const joins =
      ofServer && group.length > 1 && specs.length === group.length && numbers.size === specs.length
    if (!joins || specs.some(({ lock }) => lock !== undefined)) return group
    const folders = [folder, ...group.flatMap((model) => model.folders)]
    return [{ ...group[0]!, spec: joined(specs, folder), folders }]
  })
}

/** What the newest says of the model holds for all. */
function joined(specs: readonly ModelSpec[], folder: string): ModelSpec {
  const sorted = specs.toSorted((a, b) => compareVersions(versionOf(a), versionOf(b)))
  return {
    ...sorted.at(-1)!,
    folder,
    versions: sorted.flatMap(({ versions }) => versions),
    warnings: [...new Set(sorted.flatMap(({ warnings }) => warnings))],
  }
}

const versionOf = ({ versions }: ModelSpec): string => versions[0]!.version
