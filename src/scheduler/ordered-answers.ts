/** Answers leave in the order in which their requests came. A refusal keeps nobody waiting. */
import type { Member } from './batch-run.ts'

type Outcome = Pick<Member, 'resolve' | 'reject'>

export class OrderedAnswers {
  readonly #open: Place[] = []

  /** Takes the next place. What is returned tells when those before it are told, or refuses at once. */
  enter(resolve: Outcome['resolve'], reject: Outcome['reject']): Outcome {
    const place: Place = { tell: undefined }
    this.#open.push(place)
    const settle = (tell: () => void) => {
      place.tell = tell
      while (this.#open[0]?.tell !== undefined) this.#open.shift()!.tell!()
    }
    return {
      resolve: (response) => settle(() => resolve(response)),
      reject(why) {
        reject(why)
        settle(() => {})
      },
    }
  }
}

interface Place {
  tell: (() => void) | undefined
}
