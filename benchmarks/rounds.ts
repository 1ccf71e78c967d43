/**
 * Rounds: bare calibrator, the phases, bare calibrator; every second round has its phases in the
 * opposite order (ABBA), so that drift of the machine falls on both alike.
 */
import { disturbance } from './gate.ts'
import { stealShare } from './proc.ts'
import type { Question, Sample, Samples } from './question.ts'

export interface Round {
  readonly order: readonly string[]
  readonly samples: Samples
  readonly calibrators: readonly [number, number]
  readonly stealShare: number
  /** Why it does not count, else null. */
  readonly discarded: string | null
}

export interface Pace {
  readonly rounds: number
  readonly phaseSeconds: number
  readonly calibratorSeconds: number
  /** No round is discarded: to see whether something works, since no claim is made of so few. */
  readonly ungated?: boolean
}

/** Does it work? No claim is made of it. */
export const quickPace: Pace = {
  rounds: 2,
  phaseSeconds: 1,
  calibratorSeconds: 0.5,
  ungated: true,
}

export async function runRounds(
  question: Pick<Question, 'phases' | 'calibrate'>,
  pace: Pace,
  readStat: () => string,
  done: (round: Round) => void,
): Promise<readonly Round[]> {
  const rounds: Round[] = []
  for (let i = 0; i < pace.rounds; i += 1) {
    const phases = i % 2 === 0 ? question.phases : question.phases.toReversed()
    const samples: Record<string, Sample> = {}
    const statBefore = readStat()
    const before = await question.calibrate(pace.calibratorSeconds)
    for (const phase of phases) samples[phase.name] = await phase.run(pace.phaseSeconds)
    const calibrators = [before, await question.calibrate(pace.calibratorSeconds)] as const
    const steal = stealShare(statBefore, readStat())
    const round = {
      order: phases.map((phase) => phase.name),
      samples,
      calibrators,
      stealShare: steal,
      discarded: pace.ungated ? null : (disturbance({ calibrators, stealShare: steal }) ?? null),
    }
    rounds.push(round)
    done(round)
  }
  return rounds
}
