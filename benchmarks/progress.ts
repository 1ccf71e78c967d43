/** Says on stderr how each round of a question went. */
import { rate } from './question.ts'
import type { Round } from './rounds.ts'

export function progress(name: string): (round: Round) => void {
  let count = 0
  return ({ samples, discarded }) => {
    count += 1
    const shown = Object.entries(samples).map(
      ([phase, s]) => `${phase} ${rate(s).toFixed(1)}/s p50 ${s.p50Ms.toFixed(3)} ms`,
    )
    const fate = discarded === null ? '' : `; discarded: ${discarded}`
    console.error(`${name}, round ${count}: ${shown.join(', ')}${fate}`)
  }
}
