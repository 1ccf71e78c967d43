/**
 * How sure a percentile is after so many queries: MLPerf's rule for short runs.
 * Source: mlcommons/inference_policies, inference_rules.adoc, "Early stopping"; d = 0.
 */
import { regularizedBeta } from './incomplete-beta.ts'

/** As MLPerf has it. */
export const CONFIDENCE = 0.99

/**
 * Whether it is sure that the share `percentile` of all queries is within the bound, when `over` of
 * `queries` were not.
 */
export function isSure(queries: number, over: number, percentile: number): boolean {
  const within = queries - over
  return within > 0 && regularizedBeta(percentile, within, over + 1) <= 1 - CONFIDENCE
}

/** The fewest queries with which that can be sure, when `over` of them are over the bound. */
export function queriesNeeded(over: number, percentile: number): number {
  return leastThat((queries) => queries > over && isSure(queries, over, percentile))
}

/**
 * The place, counted from the slowest query as 1, whose latency the percentile does not exceed for
 * sure; undefined where there are too few queries to say.
 */
export function estimateRank(queries: number, percentile: number): number | undefined {
  if (!isSure(queries, 1, percentile)) return undefined
  return leastThat((over) => !isSure(queries, over, percentile)) - 1
}

/** The least whole number from 1 on for which a condition holds that then holds for all above. */
function leastThat(holds: (value: number) => boolean): number {
  let high = 1
  while (!holds(high)) high *= 2
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}
