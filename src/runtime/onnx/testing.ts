/** For the tests of this runtime. */
import { modelOf, nodeOf, rawTensor, tensorInfo } from '../../onnx/testing.ts'
import type { NamedTensor } from '../../tensor/index.ts'
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

/** `taken`: 10, 20 or 30, by their indices `at`. Refuses what is no index of them. */
export const gatherModel = () =>
  modelOf({
    node: [nodeOf('Gather', ['from', 'at'], ['taken'])],
    input: [tensorInfo('at', 'INT64', ['n'])],
    output: [tensorInfo('taken', 'FP32', ['n'])],
    initializer: [
      rawTensor('from', 'FP32', [3], new Uint8Array(Float32Array.of(10, 20, 30).buffer)),
    ],
  })

export const indices = (...at: readonly number[]): NamedTensor => ({
  name: 'at',
  tensor: { datatype: 'INT64', shape: [at.length], data: BigInt64Array.from(at, BigInt) },
})
