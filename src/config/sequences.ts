/** What `model.yaml` says of a model that answers requests of a sequence by what came before. */
import { z } from 'zod'
import { DATATYPES } from '../tensor/index.ts'
import { bytes, count, milliseconds } from './fields.ts'

const shape = () => z.array(z.int().min(-1)).max(64)
const datatype = () => z.enum(DATATYPES)

const control = z
  .strictObject({
    input: z.string().min(1).describe('The input of the model that is told'),
    means: z
      .enum(['start', 'end', 'ready', 'id'])
      .describe(
        'What it is told: that a sequence starts, ends, has a request in this row, or its id',
      ),
    datatype: datatype().optional().describe('What its elements are; read from the model'),
    values: z
      .array(z.union([z.number(), z.boolean()]))
      .length(2)
      .default([0, 1])
      .describe('What stands for no and for yes'),
  })
  .describe('Inputs that tell the model of the place of a request in its sequence')

const initial = z.strictObject({
  value: z.number().default(0).describe('Every element of it'),
  shape: shape().optional().describe('Its shape for one sequence, where the model takes any'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe('Its bytes, in a file in the folder initial_state of the model'),
})

const state = z.strictObject({
  input: z.string().min(1).describe('The input of the model that takes it'),
  output: z.string().min(1).describe('The output of the model that gives what it is afterwards'),
  datatype: datatype().optional().describe('What its elements are; read from the model'),
  shape: shape().optional().describe('Its shape for one sequence; read from the model'),
  initial: initial.prefault({}).describe('What it is at the start of a sequence'),
  visible: z.boolean().default(false).describe('Whether clients may see the output as well'),
})

export const sequences = z
  .strictObject({
    strategy: z
      .enum(['direct', 'oldest'])
      .default('direct')
      .describe(
        'direct: a sequence keeps its row of the batch; oldest: whichever waited longest share a run',
      ),
    idleTimeoutMs: milliseconds()
      .default(1000)
      .describe('The time after which a sequence is forgotten of which nothing comes'),
    maxBatchSize: count(0)
      .optional()
      .describe('The most sequences of one run; 0 where the model has no axis for them'),
    maxSequences: count()
      .optional()
      .describe('Sequences that are under way at once with oldest; those beyond wait'),
    maxDelayMs: z
      .number()
      .min(0)
      .default(0)
      .describe('The time a request may wait for others although it could run'),
    minimumUtilization: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('With direct: the share of rows that need not wait for more'),
    preferred: z
      .array(count())
      .default([])
      .describe('With oldest: numbers of sequences that need not wait for more'),
    preserveOrdering: z
      .boolean()
      .default(false)
      .describe('With oldest: whether answers leave in the order in which requests came'),
    maxStateBytes: bytes()
      .prefault('256MiB')
      .describe('Memory that the states of all sequences may hold'),
    controls: z.array(control).default([]).superRefine(checkControls).describe('What it is told'),
    state: z.array(state).default([]).describe('What is kept of a sequence between two requests'),
  })
  .describe('How requests of one sequence are answered by what came before them')

/** Each kind is told once. */
function checkControls(
  controls: readonly { readonly means: string }[],
  context: z.core.$RefinementCtx,
): void {
  controls.forEach(({ means }, at) => {
    if (controls.findIndex((one) => one.means === means) < at) {
      const message = `expected each of them once, "${means}" is told above`
      context.addIssue({ code: 'custom', path: [at, 'means'], message, input: means })
    }
  })
}
