/** The far side of `load-threads.ts`: takes one job after another, and holds its thread meanwhile. */
import { parentPort, workerData } from 'node:worker_threads'
import { fail, ServingError } from '../../errors.ts'
import { memoryOf, sizesOfFile } from '../../onnx/index.ts'
import { openHeap, worthTrimming } from './heap.ts'
import type { LoadAnswer, LoadJob, LoadThreadData } from './load-job.ts'
import { loadModel } from './load-model.ts'
import { NativeObjects } from './native-objects.ts'
import { lowerPriority } from './priority.ts'

const { library, priority } = workerData as LoadThreadData
if (priority === 'low') lowerPriority()
const native = new NativeObjects(library)
const heap = openHeap()
const port = parentPort!

port.on('message', (job: LoadJob) => {
  if (job.kind === 'end') port.close()
  else port.postMessage(answer(job))
})

function answer(job: Exclude<LoadJob, { kind: 'end' }>): LoadAnswer {
  const outcome = outcomeOf(job)
  return { outcome, counts: native.ledger.take() }
}

function outcomeOf(job: Exclude<LoadJob, { kind: 'end' }>): LoadAnswer['outcome'] {
  try {
    if (job.kind === 'estimate') {
      return { kind: 'estimated', bytes: memoryOf(sizesOfFile(job.path)) }
    }
    const model = loadModel({ native, between: () => stopIf(job.givenUp) }, job.source)
    if (model.memoryBytes >= worthTrimming) heap.trim()
    return { kind: 'loaded', model }
  } catch (thrown) {
    if (job.kind === 'load') heap.trim() // of how much is not known
    const { reason, facts, cause } = ServingError.from(isShort(thrown) ? noMemory(thrown) : thrown)
    return { kind: 'failed', reason, facts, cause: cause instanceof Error ? cause : undefined }
  }
}

/** V8 has no class of its own for it. */
const isShort = (thrown: unknown): boolean =>
  thrown instanceof RangeError && /allocation|array length/i.test(thrown.message)

const noMemory = (cause: unknown) =>
  fail('MODEL_UNREADABLE', { problem: 'there is no memory to read it' }, cause)

function stopIf(givenUp: Int32Array): void {
  if (Atomics.load(givenUp, 0) === 1) throw new Error('nobody waits for it any more')
}
