/**
 * When a run is handed to a thread that is still busy: pure. Early enough that the thread never waits
 * for the event loop, and where it should be `late`, so that more rows may join or others go first, not
 * sooner than that.
 */

/** The moment, in milliseconds from now; 0 or less: now. `runMs`: of what would be handed over. */
export function handOverIn(aheadMs: number, runMs: number, late: boolean): number {
  return late ? aheadMs - Math.max(loopLateMs, runMs * shareAhead) : 0
}

/** By how much a timer is late on a machine that computes: three times the p99 of an idle loop. */
const loopLateMs = 2
const shareAhead = 0.25
