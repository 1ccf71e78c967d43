/** A request that is refused before it reaches the predictor counts as an error of its model. */
import { ServingError } from '../errors.ts'
import type { ServedModel } from '../models.ts'

export function counted<T>(model: ServedModel, decode: () => T): T {
  try {
    return decode()
  } catch (thrown) {
    throw refusedBy(model, thrown)
  }
}

/** What was thrown, once it is counted. */
export function refusedBy(model: ServedModel, thrown: unknown): ServingError {
  const error = ServingError.from(thrown)
  model.refused(error)
  return error
}
