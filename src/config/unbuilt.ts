/**
 * What is promised and not built yet. A key whose value asks for it is refused by name, never
 * ignored. Whoever builds one deletes its line.
 */
import { isDeepStrictEqual } from 'node:util'

export interface Unbuilt {
  readonly key: string
  /** What it would take. */
  readonly what: string
  /** The values that ask for nothing; none where the key itself asks. */
  readonly accepts: readonly unknown[]
}

export const unbuiltServerKeys: readonly Unbuilt[] = [
  { key: 'grpc.port', what: 'gRPC', accepts: ['off'] },
  { key: 'trust', what: 'running code of models', accepts: [false] },
]

export const unbuiltModelKeys: readonly Unbuilt[] = [
  { key: 'runtime', what: 'any runtime but onnx', accepts: ['onnx'] },
  { key: 'isolation', what: 'a process of its own for a model', accepts: ['none'] },
  { key: 'trusted', what: 'running code of models', accepts: [false] },
  { key: 'python', what: 'the Python runtime', accepts: [] },
  { key: 'rollout', what: 'rolling out versions', accepts: [] },
]

/** The message and hint for a value that asks for what is not built; undefined where it does not. */
export function refusal(
  unbuilt: Unbuilt,
  value: unknown,
): { readonly message: string; readonly hint: string } | undefined {
  if (value === undefined || unbuilt.accepts.some((fine) => isDeepStrictEqual(fine, value))) return
  const [fine] = unbuilt.accepts
  const sayable = typeof fine === 'string' || (typeof fine === 'object' && !Array.isArray(fine))
  const shown = typeof fine === 'string' ? fine : JSON.stringify(fine)
  return {
    message: `${unbuilt.what} is not built yet`,
    hint: sayable ? `use ${shown}` : 'leave it out',
  }
}
