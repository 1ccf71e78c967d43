/** When an open loop asks, worked out before it begins. */
import { type PatternName, patternOf } from './pattern.ts'
import { seeded } from './random.ts'

export interface ScheduleOptions {
  /** The moments of a trace in milliseconds since its start, or a pattern. */
  readonly arrivals: PatternName | readonly number[]
  /** Arrivals a second. A trace keeps its own times where it is left out. */
  readonly rate: number | undefined
  /** Of what is counted; `Infinity` where `requests` or a trace ends it. */
  readonly durationMs: number
  /** How many are counted at most. */
  readonly requests: number
  /** Load before anything is counted, at the mean rate. */
  readonly warmUpMs: number
  readonly seed: number
}

export interface Schedule {
  /** In milliseconds since the start, rising. Its memory can be shared with a thread. */
  readonly moments: Float64Array<SharedArrayBuffer>
  /** So many of the first ones warm up, and are not counted. */
  readonly warmUp: number
  /** When counting begins. */
  readonly countedFrom: number
}

export function scheduleOf(options: ScheduleOptions): Schedule {
  const { arrivals, rate, durationMs, requests, warmUpMs, seed } = options
  const counted =
    typeof arrivals === 'string'
      ? drawn({ name: arrivals, rate: rate!, durationMs, requests, seed })
      : scaled(arrivals, rate)
          .slice(0, requests)
          .filter((at) => at < durationMs)
  const warmUpRate = rate ?? meanRate(counted)
  const warm =
    warmUpMs > 0 && warmUpRate > 0
      ? drawn({
          name: arrivals === 'constant' ? 'constant' : 'poisson',
          rate: arrivals === 'ramp' ? warmUpRate / 2 : warmUpRate,
          durationMs: warmUpMs,
          requests: Infinity,
          seed: seed + 1,
        })
      : []
  const moments = new Float64Array(
    new SharedArrayBuffer((warm.length + counted.length) * Float64Array.BYTES_PER_ELEMENT),
  )
  moments.set(warm)
  for (let at = 0; at < counted.length; at++) moments[warm.length + at] = warmUpMs + counted[at]!
  return { moments, warmUp: warm.length, countedFrom: warmUpMs }
}

interface Drawn {
  readonly name: PatternName
  readonly rate: number
  readonly durationMs: number
  readonly requests: number
  readonly seed: number
}

function drawn({ name, rate, durationMs, requests, seed }: Drawn): readonly number[] {
  const { random, momentOf } = patternOf(name, rate, durationMs)
  const draw = seeded(seed)
  const moments: number[] = []
  let expected = 0
  while (moments.length < requests) {
    // the gaps between independent arrivals are exponential
    if (random) expected -= Math.log(1 - draw())
    const at = momentOf(expected)
    if (at >= durationMs) break
    moments.push(at)
    if (!random) expected += 1
  }
  return moments
}

/** The same pattern in more or less time, so that its mean rate is the one asked for. */
function scaled(trace: readonly number[], rate: number | undefined): readonly number[] {
  const own = meanRate(trace)
  return rate === undefined || own === 0 ? trace : trace.map((at) => (at * own) / rate)
}

/** A second, counted by the gaps. */
function meanRate(moments: readonly number[]): number {
  const span = (moments.at(-1) ?? 0) - (moments[0] ?? 0)
  return span > 0 ? ((moments.length - 1) * 1000) / span : 0
}
