/** Asks a model that is loaded into this process, by the Predictor that a server would ask. */
import { Call } from '../../call.ts'
import type { LocalModel } from '../../predict/index.ts'
import type { InferenceResponse, Timing } from '../../predictor.ts'
import type { Driver } from './driver.ts'
import type { Question } from './question.ts'
import { tensorTree } from './tensor-tree.ts'

export function inProcessDriver(
  { served, close }: LocalModel,
  questions: readonly Question[],
): Driver {
  const { predictor } = served
  const total = new Times()
  return {
    protocol: 'in-process',
    send(question, timeoutMs, done) {
      const call = new Call({ requestId: 'bench' })
      let isOver = false
      const end: typeof done = (reply) => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        done(reply)
      }
      const timer = setTimeout(() => {
        end({ ok: false, why: `no answer within ${timeoutMs} ms` })
        call.cancel()
      }, timeoutMs)
      predictor.predict({ inputs: questions[question]!.inputs }, call).then(
        (response) => {
          total.add(response.timing)
          end({ ok: true, answer: response })
        },
        (thrown: Error) => end({ ok: false, why: thrown.message }),
      )
    },
    read: (answer) => tensorTree((answer as InferenceResponse).outputs),
    async split() {
      const before = total.copy()
      return async () => total.since(before)
    },
    close,
  }
}

/** Where the time of all answers went, in milliseconds. */
class Times {
  #requests = 0
  #queueMs = 0
  #inputMs = 0
  #runMs = 0
  #outputMs = 0

  add({ queueMs, inputMs, runMs, outputMs }: Timing): void {
    this.#requests += 1
    this.#queueMs += queueMs
    this.#inputMs += inputMs
    this.#runMs += runMs
    this.#outputMs += outputMs
  }

  copy(): Times {
    const copy = new Times()
    copy.#requests = this.#requests
    copy.#queueMs = this.#queueMs
    copy.#inputMs = this.#inputMs
    copy.#runMs = this.#runMs
    copy.#outputMs = this.#outputMs
    return copy
  }

  since(before: Times) {
    const requests = this.#requests - before.#requests
    if (requests === 0) return undefined
    return {
      requests,
      queueMs: (this.#queueMs - before.#queueMs) / requests,
      inputMs: (this.#inputMs - before.#inputMs) / requests,
      inferMs: (this.#runMs - before.#runMs) / requests,
      outputMs: (this.#outputMs - before.#outputMs) / requests,
    }
  }
}
