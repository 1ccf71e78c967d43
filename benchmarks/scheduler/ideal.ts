/** The least that a queue can make of arrivals: first come, first served, nothing but runs. Pure. */

/** How long each waits and runs, in milliseconds; `runMs` says what the run of each takes. */
export function idealLatencies(
  arrivalsMs: readonly number[],
  servers: number,
  runMs: (index: number) => number,
): readonly number[] {
  const freeAt = new Array<number>(servers).fill(0)
  return arrivalsMs.map((at, index) => {
    const first = freeAt.indexOf(Math.min(...freeAt))
    const end = Math.max(at, freeAt[first]!) + runMs(index)
    freeAt[first] = end
    return end - at
  })
}
