/**
 * How the rate of arrivals goes up and down. A pattern answers one question, the inverse of its
 * rate summed up: by which moment so many arrivals are expected. Arrivals of an even stream of one
 * a unit, put through it, have that rate at every moment (time rescaling).
 */
export type PatternName = 'poisson' | 'constant' | 'burst' | 'ramp'

export interface Pattern {
  /** Arrivals at random, or exactly when they are expected. */
  readonly random: boolean
  /** Milliseconds since the start. */
  momentOf(expected: number): number
}

/**
 * - constant, poisson: `rate` all the time
 * - burst: `rate` in the mean; a tenth of every ten seconds or so, in the middle, at ten times the
 *   rate of the rest
 * - ramp: from nothing to `rate` at the end
 *
 * `rate` is a second; the duration of `burst` and `ramp` must be finite.
 */
export function patternOf(name: PatternName, rate: number, durationMs: number): Pattern {
  const perMs = rate / 1000
  switch (name) {
    case 'constant':
      return { random: false, momentOf: (expected) => expected / perMs }
    case 'poisson':
      return { random: true, momentOf: (expected) => expected / perMs }
    case 'ramp': // the rate is perMs * t / durationMs, which sums up to perMs * t^2 / (2 durationMs)
      return {
        random: true,
        momentOf: (expected) => Math.sqrt((2 * durationMs * expected) / perMs),
      }
    case 'burst':
      return bursts(perMs, durationMs)
  }
}

function bursts(perMs: number, durationMs: number): Pattern {
  const periods = Math.max(1, Math.round(durationMs / usualPeriodMs))
  const periodMs = durationMs / periods
  const quiet = perMs / (0.9 + 0.1 * timesMore)
  const perPeriod = perMs * periodMs
  const before = quiet * 0.45 * periodMs
  const within = quiet * timesMore * 0.1 * periodMs
  const inside = (expected: number) => {
    if (expected < before) return expected / quiet
    if (expected < before + within)
      return 0.45 * periodMs + (expected - before) / (quiet * timesMore)
    return 0.55 * periodMs + (expected - before - within) / quiet
  }
  return {
    random: true,
    momentOf(expected) {
      const whole = Math.floor(expected / perPeriod)
      return whole * periodMs + inside(expected - whole * perPeriod)
    },
  }
}

const usualPeriodMs = 10_000
const timesMore = 10
