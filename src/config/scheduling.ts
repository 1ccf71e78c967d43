/** What `model.yaml` says of how the requests of a model wait, share runs, and run. */
import { z } from 'zod'
import { bytes, count, fineMilliseconds, milliseconds } from './fields.ts'
import { ragged } from './ragged.ts'
import { checkBatching, checkPriorities, checkResources } from './scheduling-rules.ts'

const waiting = {
  timeoutMs: fineMilliseconds(0)
    .optional()
    .describe('The time a request may wait to be begun; 0 for any'),
  onTimeout: z
    .enum(['refuse', 'delay'])
    .optional()
    .describe('What becomes of it then: refused, or served after all others of its level'),
  timeoutOverride: z
    .boolean()
    .optional()
    .describe('Whether a request may name a shorter time for itself; it may where there is none'),
}

const priorities = z
  .strictObject({
    levels: count().max(1_000_000).describe('How many levels there are; 1 is served first'),
    default: count().describe('The level of requests that name none'),
    maxWaiting: count(0).optional().describe('Requests of each level that may wait'),
    policies: z
      .record(
        z.string().regex(/^[1-9][0-9]*$/),
        z.strictObject({
          maxWaiting: z
            .union([count(0), z.literal('any')])
            .optional()
            .describe('Requests of it that may wait; any: as many as of all levels together'),
          ...waiting,
        }),
      )
      .default({})
      .describe('What differs for a level, by its number'),
  })
  .superRefine(checkPriorities)

export const queue = z.strictObject({
  maxWaiting: count(0)
    .optional()
    .describe("Requests that may wait for it, in place of the server's number"),
  maxWaitingBytes: bytes()
    .optional()
    .describe("Memory that these may hold, in place of the server's number"),
  ...waiting,
  priorities: priorities
    .optional()
    .describe('Levels of requests that are served one before the other'),
})

const padding = z.strictObject({
  axis: count(1).describe('The axis that is filled up, counted from 0; rows are axis 0'),
  sizes: z.array(count()).min(1).describe('The sizes it is filled up to'),
  value: z.number().default(0).describe('What it is filled up with'),
})

export const batching = z.union([
  z.enum(['auto', 'off']),
  z
    .strictObject({
      maxBatchSize: z
        .union([count(), z.literal('auto')])
        .default('auto')
        .describe(
          'The most rows that requests are joined to; auto: as many as make it faster, which is learned',
        ),
      maxDelayMs: z
        .number()
        .min(0)
        .default(0)
        .describe('The time a request may wait for others although it could run'),
      preferred: z
        .array(count())
        .default([])
        .describe('Numbers of rows that need not wait for more'),
      preserveOrdering: z
        .boolean()
        .default(false)
        .describe('Whether answers leave in the order in which requests came'),
      maxBatchMs: milliseconds().optional().describe('The longest run that joining may lead to'),
      assumeJoinable: z
        .boolean()
        .optional()
        .describe(
          'true: join requests without a trial; false: only where a trial shows that rows together give what rows apart give; where left out, a maxBatchSize says that it is right',
        ),
      padding: z
        .record(z.string().min(1), padding)
        .default({})
        .describe('Inputs that are filled up so that requests of different shapes may be joined'),
      ragged: ragged
        .optional()
        .describe('Inputs that are laid one after the other, whatever their shapes'),
    })
    .superRefine(checkBatching),
])

export const executors = z.union([
  count().max(1024),
  z.literal('auto'),
  z.strictObject({
    minimum: count().max(1024).default(1).describe('Never fewer'),
    maximum: count().max(1024).optional().describe('Never more; as the cores allow'),
    dryRun: z.boolean().default(false).describe('Only tell what would be done'),
  }),
])

export const rateLimit = z.strictObject({
  resources: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('What it takes'),
        count: count(0).describe('How much of it'),
        global: z
          .boolean()
          .default(false)
          .describe('One for all devices; there is one here, so this makes no difference'),
      }),
    )
    .superRefine(checkResources)
    .default([])
    .describe('What each executor takes of what is limited for all models, while it runs'),
  priority: count()
    .default(1)
    .describe('With 2, half as many turns as a model with 1 where both want to run'),
})
