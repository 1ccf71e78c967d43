/** The thread that tries the cases of one target, and stops at the first fault. */
import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { Random } from './random.ts'
import { targets } from './targets.ts'

export interface Work {
  readonly target: string
  readonly seed: number
  /** Number of the case under way, for whoever watches. */
  readonly progress: Int32Array<SharedArrayBuffer>
}

export interface Outcome {
  readonly tried: number
  readonly slowestMs: number
  readonly slowestCase: number
  readonly fault?: string
}

const { target: wanted, seed, progress } = workerData as Work
const target = targets.find(({ name }) => name === wanted)!
const tryOne = target.open()

let slowestMs = 0
let slowestCase = 0
let tried = 0
let fault: string | undefined
while (tried < target.cases && fault === undefined) {
  Atomics.store(progress, 0, tried)
  let input: string | Uint8Array = ''
  const began = performance.now()
  try {
    await tryOne(new Random(seed, tried), (given) => {
      input = given
    })
  } catch (thrown) {
    fault = `case ${tried}: ${inspect(thrown)}\nof ${shown(input)}`
  }
  const ms = performance.now() - began
  if (ms > slowestMs) {
    slowestMs = ms
    slowestCase = tried
  }
  tried += 1
}
const outcome: Outcome = { tried, slowestMs, slowestCase, ...(fault !== undefined && { fault }) }
parentPort!.postMessage(outcome)

/** As text where it is one, and all of it where it is not too long. */
function shown(input: string | Uint8Array): string {
  const bytes = Buffer.from(input)
  const text = bytes.toString()
  const isText = Buffer.from(text).equals(bytes)
  return isText
    ? JSON.stringify(text).slice(0, 4000)
    : `base64 ${bytes.toString('base64').slice(0, 8000)}`
}
