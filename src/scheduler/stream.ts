/** The answers of a model that gives any number of them, as long as somebody waits for them. */
import type { Call } from '../call.ts'
import type { RunResult } from '../runtime/index.ts'

/**
 * Ends with why the call ended, at once, also while the source is busy. `over` is told when the
 * source has ended, which may be later.
 */
export async function* untilEnded(
  results: AsyncIterable<RunResult>,
  call: Call,
  over: () => void,
): AsyncGenerator<RunResult> {
  const source = results[Symbol.asyncIterator]()
  try {
    for (;;) {
      if (call.ended !== undefined) throw call.ended
      const { done, value } = await unlessEnded(source.next(), call)
      if (done === true) return
      yield value
    }
  } finally {
    const ended = Promise.resolve(source.return?.())
      .catch(() => {})
      .then(over)
    if (call.ended === undefined) await ended
  }
}

/** The next step of a stream; rejects at once when the call ends before it comes. */
function unlessEnded<Step>(next: Promise<Step>, call: Call): Promise<Step> {
  return new Promise((resolve, reject) => {
    const stopListening = call.onEnd(reject)
    next.then(resolve, reject).finally(stopListening)
  })
}
