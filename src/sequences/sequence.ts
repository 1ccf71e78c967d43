/** A sequence under way, and its requests that are not answered. */
import type { SequencePlace } from '../call.ts'
import type { Tensor } from '../tensor/index.ts'
import type { Batch } from './batch.ts'
import type { SequenceRequest } from './request.ts'

export type SequenceId = SequencePlace['id']

export class Sequence {
  readonly id: SequenceId
  /** In their order. What runs is none of them. */
  readonly waiting: SequenceRequest[] = []
  running: SequenceRequest | undefined
  /** Where it runs; undefined while it waits for that. */
  seat: Seat | undefined
  /** Whether its first request was answered. */
  begun = false
  /** In the order of the plan, after the last request that was answered. Meaningless before. */
  states: readonly Tensor[] = []
  stateBytes = 0
  /** Whether no more requests of it come here. */
  left = false

  constructor(id: SequenceId) {
    this.id = id
  }

  /** Whether a request may come that does not start it. */
  get open(): boolean {
    const last = this.waiting.at(-1) ?? this.running
    return last === undefined ? this.begun : !(last.place.end || last.cut)
  }

  get over(): boolean {
    return !this.begun && this.waiting.length === 0 && this.running === undefined
  }

  get idle(): boolean {
    return this.begun && this.waiting.length === 0 && this.running === undefined
  }
}

/** A row of one of the batches that a model runs. */
export interface Seat {
  readonly batch: Batch
  readonly row: number
}
