/** Control over models before there is a runtime to load them into: what is asked waits for it. */
import type { ModelControl, ModelControlMode } from '../model-control.ts'
import type { Models } from '../models.ts'

export function controlToCome(
  mode: ModelControlMode,
  models: Models,
  coming: Promise<ModelControl>,
): ModelControl {
  let control: ModelControl | undefined
  const arrived = (value: ModelControl) => {
    control = value
  }
  // whoever asks is told that it does not come; nobody else should be
  coming.then(arrived, () => {})
  return {
    mode,
    index: () => control?.index() ?? models.list(),
    load: async (name, options) => (await coming).load(name, options),
    unload: async (name, options) => (await coming).unload(name, options),
    reload: async () => (await coming).reload(),
  }
}
