/** What `sluice.yaml` says of what is limited for all models together, as Triton's rate limiter has it. */
import { z } from 'zod'
import { count } from './fields.ts'

/** `R1:4`, or `R1:4:0` for the only device there is. */
const entry = /^([^:]+):(\d+)(:0)?$/

const resources = z.union([
  z.record(z.string().min(1), count(0)),
  z
    .array(z.string().regex(entry, { error: 'expected a name and a count, such as R1:4' }))
    .transform(amountsOf),
])

export const rateLimit = z.strictObject({
  mode: z
    .enum(['off', 'executionCount', 'execution_count'])
    .transform((mode) => (mode === 'off' ? mode : 'executionCount'))
    .prefault('off')
    .describe(
      'Whether the rateLimit of models counts: what their executors take, and whose turn it is',
    ),
  resources: resources
    .prefault({})
    .describe(
      'How much there is of each for all models, as R1:4; of what is not named, as much as the model takes that takes most',
    ),
})

/** What is said of a device goes before what is said of all of them. */
function amountsOf(entries: readonly string[]): Record<string, number> {
  const read = entries.map((text) => entry.exec(text)!)
  const pairs = [
    ...read.filter(([, , , device]) => !device),
    ...read.filter(([, , , device]) => device),
  ]
  return Object.fromEntries(pairs.map(([, name, amount]) => [name!, Number(amount)]))
}
