/** How far a run is, in one line. */
import type { BenchProgress } from '../bench.ts'
import { ms, short, whole } from './numbers.ts'

export function progressText(progress: BenchProgress): string {
  if (progress.phase === 'opening') return 'opening the target'
  if (progress.phase === 'rehearsing') return 'asking once, before the load'
  const { elapsedMs, ofMs, recorder } = progress
  const seconds = Math.max(0, Math.round(elapsedMs / 1000))
  const of = ofMs === undefined ? '' : ` of ${short(ofMs / 1000)}`
  const rate =
    progress.phase === 'searching' && progress.rate !== undefined
      ? `at ${short(progress.rate)}/s, `
      : ''
  const time = `${rate}${seconds}${of} s`
  if (recorder.requests === 0) return `${time}: warming up`
  const p99 = ms(recorder.quantile(0.99) ?? null)
  return `${time}: ${whole(recorder.requests)} requests, ${whole(recorder.missed)} missed, p99 ${p99} ms`
}
