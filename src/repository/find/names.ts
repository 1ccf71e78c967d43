/** The names models go by: which are allowed, and what becomes of two that are the same. */
import { basename } from 'node:path'
import { fail, ServingError } from '../../errors.ts'
import type { FoundModel } from '../../model-spec.ts'
import type { ReadModel } from '../model/model-folder.ts'

/**
 * In the order of names, no name twice. The first of several with one name keeps it; the others are
 * refused under names that no model can have, so that they are told of.
 */
export function settleNames<Found extends FoundModel>(found: readonly Found[]): readonly Found[] {
  const taken = new Set<string>()
  const settled = found.map(refuseName).map((model) => {
    const { name } = model
    if (!taken.has(name)) {
      taken.add(name)
      return model
    }
    let number = 2
    while (taken.has(`${name}#${number}`)) number += 1
    taken.add(`${name}#${number}`)
    return { ...model, name: `${name}#${number}`, spec: nameTaken(name) }
  })
  return warnOfCapitals(settled).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The same model under another name. */
export function renamed<Found extends FoundModel>(model: Found, name: string): Found {
  const { spec } = model
  return { ...model, name, spec: spec instanceof ServingError ? spec : { ...spec, name } }
}

/** Why no model can have this name; undefined where one can. */
export function refusedName(name: string): ServingError | undefined {
  if (NAME.test(name)) return undefined
  return fail('MODEL_UNSUPPORTED', {
    problem: `the name ${JSON.stringify(name.slice(0, 100))} cannot be served`,
    hint: 'expected up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit; set name in model.yaml, or give --name',
  })
}

/** Those first that are called as their files or folders are: a copy says the name of its original. */
export const originalsFirst = (models: readonly ReadModel[]): readonly ReadModel[] =>
  models.toSorted((a, b) => Number(isCopy(a)) - Number(isCopy(b)))

const isCopy = ({ name, folders: [folder] }: ReadModel): boolean =>
  folder !== undefined && basename(folder) !== name

function refuseName<Found extends FoundModel>(model: Found): Found {
  const refused = model.spec instanceof ServingError ? undefined : refusedName(model.name)
  return refused === undefined ? model : { ...model, spec: refused }
}

/** Clients, and disks that do not tell capitals from small letters, may mix them up. */
function warnOfCapitals<Found extends FoundModel>(found: readonly Found[]): readonly Found[] {
  const alike = Map.groupBy(found, ({ name }) => name.toLowerCase())
  return found.map((model) => {
    const { name, spec } = model
    const other = alike.get(name.toLowerCase())!.find((one) => one.name !== name)
    if (other === undefined || spec instanceof ServingError) return model
    const warning = `"${name}" and "${other.name}" differ by capitals only`
    return { ...model, spec: { ...spec, warnings: [...spec.warnings, warning] } }
  })
}

const nameTaken = (name: string) =>
  fail('MODEL_UNSUPPORTED', {
    problem: `another model has the name "${name}" already`,
    hint: 'set name in model.yaml, or rename the file',
  })

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
