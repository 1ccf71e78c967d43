/** Decoding a request to a known model: what is refused here counts as the model's error. */
import { ServingError } from '../errors.ts'
import type { ServedModel } from '../models.ts'

export function counted<T>(model: ServedModel, decode: () => T): T {
  try {
    return decode()
  } catch (thrown) {
    const error = ServingError.from(thrown)
    model.refused(error)
    throw error
  }
}
