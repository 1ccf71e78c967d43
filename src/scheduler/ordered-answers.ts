/** Answers leave in the order in which their requests came. A refusal keeps nobody waiting. */
export class OrderedAnswers {
  readonly #open: Place[] = []

  /** Takes the next place. */
  enter(): Ordered {
    const place: Place = { tell: undefined }
    this.#open.push(place)
    const settle = (tell: () => void) => {
      place.tell = tell
      while (this.#open[0]?.tell !== undefined) this.#open.shift()!.tell!()
    }
    return {
      answer: settle,
      refuse(tell) {
        tell()
        settle(() => {})
      },
    }
  }
}

export interface Ordered {
  /** Tells when those before it are told. */
  answer(tell: () => void): void
  /** Tells at once, and gives the place up. */
  refuse(tell: () => void): void
}

interface Place {
  tell: (() => void) | undefined
}
