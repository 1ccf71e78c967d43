/** Whether the load was the one that was asked for. */

/** How the generator of the load fared. */
export interface GeneratorUse {
  /** How late requests were sent, in milliseconds; undefined in a closed loop, which has no schedule. */
  readonly lateP99Ms: number | undefined
  /** CPU time of its process over wall time; undefined where the model runs in it too. */
  readonly cores: number | undefined
  /** How long it was looked at. */
  readonly seconds: number
  /** Why it could not send what it was to send. */
  readonly failures: readonly string[]
}

/** Why its figures are those of the generator and not those of the target; empty where they are not. */
export function whyInvalid({
  lateP99Ms,
  cores,
  seconds,
  failures,
}: GeneratorUse): readonly string[] {
  const reasons: string[] = [...failures]
  if (lateP99Ms !== undefined && lateP99Ms > mostLateMs) {
    reasons.push(
      `requests were sent late: p99 of the delay is ${lateP99Ms.toFixed(2)} ms, more than ${mostLateMs} ms`,
    )
  }
  // before that it is the compiler that is busy
  if (cores !== undefined && cores >= mostCores && seconds >= 1) {
    reasons.push(
      `the load generator itself took a whole core (${cores.toFixed(2)}): it, not the target, may be the limit`,
    )
  }
  return reasons
}

const mostLateMs = 1
const mostCores = 0.95
