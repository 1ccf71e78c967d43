/** Whether a model can be asked. */
import type { Models } from '../../../models.ts'
import type { Asked } from '../../asked.ts'

/**
 * The version that would answer now. One that is loaded when it is asked counts, and is not loaded
 * for this: clients ask for readiness before they ask the model, and would never ask it otherwise.
 * Fails as `Models.find` does.
 */
export function readyVersion(models: Models, { name, version }: Asked): string {
  try {
    return models.find(name, version).version
  } catch (thrown) {
    const asleep = models
      .list()
      .findLast(
        (status) =>
          status.name === name &&
          status.asleep === true &&
          (version === undefined ||
            status.version === version ||
            status.labels?.includes(version) === true),
      )
    if (asleep === undefined) throw thrown
    return asleep.version
  }
}
