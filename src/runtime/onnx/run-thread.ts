/** The far side of `run-threads.ts`: runs jobs one after another, by synchronous calls. */
import { parentPort, workerData } from 'node:worker_threads'
import { openLibrary } from './c-api.ts'
import { CONTROL, openMailbox, PLACES, type ThreadData, WORD } from './job.ts'

const data = workerData as ThreadData
const library = openLibrary(data.library)
const { control, places } = openMailbox(data)
parentPort!.postMessage('ready')

for (let taken = 0; ; taken = (taken + 1) | 0) {
  while (Atomics.load(control, CONTROL.posted) === taken && !stopped()) {
    Atomics.wait(control, CONTROL.posted, taken)
  }
  if (stopped()) break
  const place = (taken >>> 0) % PLACES
  run(places[place]!)
  parentPort!.postMessage(place)
}

function stopped(): boolean {
  return Atomics.load(control, CONTROL.stopped) === 1
}

function run(job: BigUint64Array): void {
  const begun = process.hrtime.bigint()
  const status = library.api.Run(
    job[WORD.session]!,
    job[WORD.runOptions]!,
    job[WORD.inputNames]!,
    job[WORD.inputValues]!,
    Number(job[WORD.inputCount]),
    job[WORD.outputNames]!,
    Number(job[WORD.outputCount]),
    job[WORD.outputValues]!,
  )
  job[WORD.nanoseconds] = process.hrtime.bigint() - begun
  job[WORD.status] = status ?? 0n
}
