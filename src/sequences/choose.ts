/**
 * Which requests make the next run. Pure: from what waits, what holds, and what time it is.
 * Source: `DirectSequenceBatch` and `OldestSequenceBatch` of Triton's core, and its dynamic batcher.
 */
/** The first request of a sequence that waits. */
export interface Head {
  readonly order: number
  readonly arrived: number
  /** The same for those that may be rows of one run. */
  readonly key: string
  readonly alone: boolean
  readonly deadline?: number | undefined
}

export interface ChoiceRules {
  readonly strategy: 'direct' | 'oldest'
  readonly maxRows: number
  readonly maxDelayMs: number
  /** direct: the share of rows that need not wait for more. */
  readonly minimumUtilization: number
  /** oldest: numbers of rows that need not wait for more. */
  readonly preferred: readonly number[]
  /** oldest: nobody is passed by a request that came later. */
  readonly preserveOrdering: boolean
}

export type Choice<H extends Head> =
  | { readonly kind: 'run'; readonly heads: readonly H[] }
  | { readonly kind: 'wait'; readonly until: number }

/** `hurry`: nothing is worth waiting for. Undefined where nothing waits. */
export function choose<H extends Head>(
  heads: readonly H[],
  rules: ChoiceRules,
  now: number,
  hurry: boolean,
): Choice<H> | undefined {
  const waiting = [...heads].sort((a, b) => a.order - b.order)
  const [oldest] = waiting
  if (oldest === undefined) return undefined
  const run = (members: readonly H[]): Choice<H> => ({ kind: 'run', heads: members })
  if (oldest.alone) return run([oldest])
  const fits = (head: H) => !head.alone && head.key === oldest.key
  const stranger = waiting.findIndex((head) => !fits(head))
  const inOrder = stranger === -1 ? waiting : waiting.slice(0, stranger)
  const group = (rules.preserveOrdering ? inOrder : waiting.filter(fits)).slice(0, rules.maxRows)
  const until = oldest.arrived + rules.maxDelayMs
  if (group.length === rules.maxRows || hurry || now >= until) return run(group)
  const count = enough(group.length, waiting.length, rules)
  if (count > 0) return run(group.slice(0, count))
  // whoever would be too late after the wait is not made to wait
  if (group.some(({ deadline = Infinity }) => deadline <= until)) return run(group)
  return { kind: 'wait', until }
}

/** How many of `ready` need not wait for more; 0 where they should. */
function enough(ready: number, waiting: number, rules: ChoiceRules): number {
  if (rules.strategy === 'direct') {
    return waiting / rules.maxRows >= rules.minimumUtilization ? ready : 0
  }
  return Math.max(0, ...rules.preferred.filter((rows) => rows <= ready))
}
