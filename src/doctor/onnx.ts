/** The ONNX Runtime that models would run on. */
import { ServingError } from '../errors.ts'
import type { Check } from './check.ts'

export interface Library {
  readonly path: string
  readonly version: string
  readonly providers: readonly string[]
}

/** `describe` opens the library, and throws where that fails. */
export function checkOnnxRuntime(describe: () => Library): Check {
  try {
    const { path, version, providers } = describe()
    const fact = `${version}, compiled with ${providers.join(', ')} (${path})`
    return { name: 'onnx runtime', status: 'ok', fact }
  } catch (thrown) {
    return {
      name: 'onnx runtime',
      status: 'fail',
      fact: `it cannot be opened: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      mend:
        (thrown instanceof ServingError ? thrown.hint : undefined) ??
        'install again with npm ci, or name another library with SLUICE_ONNX_LIBRARY',
    }
  }
}
