/**
 * Where the sequences of a model are under way. A sequence never moves to another version, and its
 * client does not know that there is one: what finds a version finds the newest, which hands on what
 * belongs to another.
 */
import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import type { Predictor } from '../predictor.ts'
import type { Sequences } from './sequences.ts'

/** A version that serves, or drains. */
export interface Home {
  readonly model: string
  /** As its clients ask it. */
  readonly predictor: Predictor
  /** None where requests are answered by themselves. */
  readonly sequences: Sequences | undefined
}

export class SequenceHomes {
  readonly #homes = new Map<string, Set<Home>>()

  /** From now on its sequences are found. The function returned ends that. */
  enter(home: Home): () => void {
    if (home.sequences === undefined) return () => {}
    const others = this.#homes.get(home.model) ?? new Set()
    this.#homes.set(home.model, others.add(home))
    return () => {
      others.delete(home)
      if (others.size === 0) this.#homes.delete(home.model)
    }
  }

  /** The same version, but for requests of sequences that are under way in another. */
  handing(home: Home): Predictor {
    const at = (call: Call) => this.#answering(home, call).predictor
    return {
      signature: home.predictor.signature,
      predict: (request, call) => at(call).predict(request, call),
      stream: (request, call) => at(call).stream(request, call),
    }
  }

  /** No more requests come, to any of them. */
  leaveAll(): void {
    for (const home of this.#all()) home.sequences?.leaveAll()
  }

  #answering(own: Home, { scheduling }: Call): Home {
    const place = scheduling.sequence
    const others = this.#homes.get(own.model)
    if (place === undefined || others === undefined) return own
    const { id, start } = place
    if (!start) {
      if (own.sequences?.knows(id) === true) return own
      return [...others].findLast(({ sequences }) => sequences?.knows(id) === true) ?? own
    }
    // begins anew, here: in a version that is on its way out it has come to its end
    for (const { sequences } of others) {
      if (sequences !== own.sequences && sequences?.draining === true) sequences.leave(id)
    }
    return own
  }

  #all(): readonly Home[] {
    return [...this.#homes.values()].flatMap((homes) => [...homes])
  }
}

/** A version that drains: it answers what belongs to its sequences, and nothing else. */
export function finishing({ model, predictor, sequences }: Home): Predictor {
  const refusal = ({ scheduling: { sequence } }: Call) => {
    if (sequence !== undefined && sequences?.knows(sequence.id) === true) {
      if (!sequence.start) return undefined
      sequences.leave(sequence.id) // its client has begun anew
    }
    return fail('MODEL_NOT_READY', { model, state: 'draining' })
  }
  return {
    signature: predictor.signature,
    async predict(request, call) {
      const refused = refusal(call)
      if (refused !== undefined) throw refused
      return predictor.predict(request, call)
    },
    async *stream(request, call) {
      const refused = refusal(call)
      if (refused !== undefined) throw refused
      yield* predictor.stream(request, call)
    },
  }
}
