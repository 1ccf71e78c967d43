/** Answers leave in the order in which their requests came. */
export class OrderedAnswers {
  readonly #open: Place[] = []

  /** Takes the next place. The function returned tells the answer when those before it are told. */
  enter(): (tell: () => void) => void {
    const place: Place = { tell: undefined }
    this.#open.push(place)
    return (tell) => {
      place.tell = tell
      while (this.#open[0]?.tell !== undefined) this.#open.shift()!.tell!()
    }
  }
}

interface Place {
  tell: (() => void) | undefined
}
