/** For the tests of this runtime. */
import { OnnxRuntime } from './index.ts'
import { NATIVE_KINDS } from './ledger.ts'

export const openRuntime = () => OnnxRuntime.start({ threadsPerRun: 1, executors: 2 })

/** Kinds of native objects that should be gone and are not. */
export function alive({ ledger }: OnnxRuntime, when: 'disposed' | 'closed') {
  const kept: readonly string[] =
    when === 'closed' ? [] : ['environment', 'memoryInfo', 'runOptions']
  const counts = NATIVE_KINDS.map((kind) => [kind, ledger.alive(kind)] as const)
  return Object.fromEntries(counts.filter(([kind, count]) => count !== 0 && !kept.includes(kind)))
}
