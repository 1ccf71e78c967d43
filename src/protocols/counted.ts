/** Reading and decoding a request to a known model: what is refused here counts as its error. */
import { ServingError } from '../errors.ts'
import type { ServedModel } from '../models.ts'

export async function counted<T>(model: ServedModel, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (thrown) {
    const error = ServingError.from(thrown)
    model.refused(error)
    throw error
  }
}
