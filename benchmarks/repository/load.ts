/** The load on a server: a driver process, and rates that are shares of what saturates it. */
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Bare } from '../bare-side.ts'
import { Child } from '../child.ts'
import { rate, type Sample } from '../question.ts'
import { median } from '../statistics.ts'
import type { Workload } from '../workloads.ts'
import { type Answer, latenciesOf } from './answers.ts'

export class Load {
  readonly child: Child
  #seed = 0

  private constructor(child: Child) {
    this.child = child
  }

  /** `variants` as in `withOffsets`; 1 where the model is as the bare one. */
  static async start(workload: Workload, bare: Bare, variants = 1): Promise<Load> {
    const script = join(import.meta.dirname, 'open-loop.ts')
    const child = new Child(process.execPath, [script, workload.id])
    child.tell({ expected: await bare.answers(), variants })
    return new Load(child)
  }

  /** Requests a second that eight connections get answered, the same mix of clients asking. */
  async saturatedRate(url: string, seconds: number): Promise<number> {
    const turn = () => this.child.ask<Sample>({ url, connections: 8, seconds })
    await turn()
    const rates: number[] = []
    for (let i = 0; i < 3; i += 1) rates.push(rate(await turn()))
    return median(rates)
  }

  /** Asks at this rate while something else happens. Every time the arrivals are others. */
  async during(
    url: string,
    perSecond: number,
    happens: () => Promise<void>,
  ): Promise<readonly Answer[]> {
    this.#seed += 2
    const answers = this.child.ask<readonly Answer[]>({ url, perSecond, seed: this.#seed })
    try {
      await happens()
    } finally {
      this.child.tell({ stop: true })
    }
    return answers
  }

  stop(): Promise<void> {
    return this.child.stop()
  }
}

/** Resolves at a moment of `performance.now`, or at once where it has passed. */
export const until = (moment: number): Promise<void> =>
  wait(Math.max(0, moment - performance.now()))

/** What an open loop gave, as a sample of a round. */
export function sampleOfAnswers(answers: readonly Answer[], seconds: number): Sample {
  return { requests: answers.length, seconds, ...latenciesOf(answers) }
}
