/** A histogram: how many values lay at or below each bound, and their sum. */
export class Buckets {
  readonly bounds: readonly number[]
  /** Per bound, not cumulative; the last one has what lies above all bounds. */
  readonly counts: Float64Array
  sum = 0
  count = 0

  /** `bounds` ascend. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.bounds.length && value > this.bounds[at]!) at++
    this.counts[at]! += 1
    this.sum += value
    this.count += 1
  }
}

/** Seconds, from 50 us to 30 s: fine enough for p50, p95 and p99. */
export const latencySeconds = [
  0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
  10, 30,
] as const

export const delaySeconds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const

export const loadSeconds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000] as const

export const batchRows = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const
