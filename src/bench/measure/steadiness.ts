/**
 * Whether a run had settled: perf_analyzer's rule for its last three windows.
 * Source: Triton perf_analyzer, "Measurement modes", stability percentage.
 */
import type { Slot } from './recorder.ts'

/** Why it had not; empty where it had, or there is too little to say. */
export function whyUnsteady(slots: readonly Slot[], isOpen: boolean): readonly string[] {
  const size = Math.floor(slots.length / 3)
  const windows = [0, 1, 2].map((at) => windowOf(slots.slice(at * size, (at + 1) * size)))
  if (size === 0 || windows.some(({ answered }) => answered < fewest)) return []
  const rate = spread(windows.map(({ answered }) => answered))
  const latency = spread(windows.map(({ meanMs }) => meanMs))
  return [
    // in an open loop the rate is the schedule's
    ...(isOpen || rate <= most ? [] : [told('the rate', rate)]),
    ...(latency <= most ? [] : [told('the mean latency', latency)]),
  ]
}

function windowOf(slots: readonly Slot[]) {
  const answered = slots.reduce((sum, slot) => sum + slot.answered, 0)
  const total = slots.reduce((sum, { latency }) => sum + latency.mean * latency.count, 0)
  return { answered, meanMs: total / answered }
}

const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values)

const told = (what: string, factor: number): string =>
  `${what} of one third of the run is ${factor.toFixed(2)} times that of another`

const most = 1.1
const fewest = 50
