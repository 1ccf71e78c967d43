/** What must hold between the keys of a model's scheduling, beyond what each of them allows. */
import type { z } from 'zod'

type Path = (string | number)[]

/** What is told of levels is told of levels that there are. */
export function checkPriorities(
  {
    levels,
    default: usual,
    policies,
  }: {
    readonly levels: number
    readonly default: number
    readonly policies: Readonly<Record<string, unknown>>
  },
  context: z.core.$RefinementCtx,
): void {
  const report = (path: Path, input: unknown) => {
    const message = `expected a level from 1 to ${levels}`
    context.addIssue({ code: 'custom', path, message, input })
  }
  if (usual > levels) report(['default'], usual)
  for (const level of Object.keys(policies)) {
    if (Number(level) > levels) report(['policies', level], level)
  }
}

/** No more rows are preferred than may be joined. */
export function checkBatching(
  {
    maxBatchSize,
    preferred,
  }: { readonly maxBatchSize: number | 'auto'; readonly preferred: readonly number[] },
  context: z.core.$RefinementCtx,
): void {
  if (maxBatchSize === 'auto') return
  preferred.forEach((rows, at) => {
    if (rows <= maxBatchSize) return
    const message = `expected at most the maxBatchSize, ${maxBatchSize}`
    context.addIssue({ code: 'custom', path: ['preferred', at], message, input: rows })
  })
}

/** Each is taken once. */
export function checkResources(
  resources: readonly { readonly name: string }[],
  context: z.core.$RefinementCtx,
): void {
  resources.forEach(({ name }, at) => {
    if (resources.findIndex((one) => one.name === name) === at) return
    const message = 'expected each resource once, this one is told of above'
    context.addIssue({ code: 'custom', path: [at, 'name'], message, input: name })
  })
}

interface Scheduled {
  readonly batching: string | { readonly preserveOrdering: boolean }
  readonly queue: {
    readonly timeoutMs?: number | undefined
    readonly onTimeout?: 'refuse' | 'delay' | undefined
    readonly priorities?:
      | {
          readonly levels: number
          readonly policies: Readonly<
            Record<string, { readonly onTimeout?: 'refuse' | 'delay' | undefined }>
          >
        }
      | undefined
  }
  readonly executors: unknown
}

/** Answers that leave in order cannot be overtaken; between two numbers there is room. */
export function checkScheduling(model: Scheduled, context: z.core.$RefinementCtx): void {
  const { batching, queue, executors } = model
  const report = (path: Path, message: string, input: unknown) =>
    context.addIssue({ code: 'custom', path, message, input })
  if (typeof batching === 'object' && batching.preserveOrdering) {
    const inOrder = 'since answers leave in order (batching.preserveOrdering)'
    const { levels = 1, policies = {} } = queue.priorities ?? {}
    if (levels > 1) report(['queue', 'priorities', 'levels'], `expected one, ${inOrder}`, levels)
    const refuse = `expected refuse, ${inOrder}`
    if (queue.onTimeout === 'delay') report(['queue', 'onTimeout'], refuse, 'delay')
    for (const [level, { onTimeout }] of Object.entries(policies)) {
      if (onTimeout !== 'delay') continue
      report(['queue', 'priorities', 'policies', level, 'onTimeout'], refuse, onTimeout)
    }
  }
  if (!isRange(executors) || executors.maximum === undefined) return
  if (executors.minimum > executors.maximum) {
    const message = `expected at least the minimum, ${executors.minimum}`
    report(['executors', 'maximum'], message, executors.maximum)
  }
}

const isRange = (
  value: unknown,
): value is { readonly minimum: number; readonly maximum?: number | undefined } =>
  typeof value === 'object' && value !== null
