/**
 * What `model.yaml` says of a model that takes requests of different shapes as one: inputs without
 * rows, laid one after the other, and inputs that tell where each request ends. As Triton's ragged
 * batching has it.
 */
import { z } from 'zod'
import { checkRagged } from './ragged-rules.ts'

export const DERIVED_KINDS = [
  'elementCount',
  'accumulatedElementCount',
  'accumulatedElementCountWithZero',
  'maxElementCountAsShape',
  'itemShape',
  'itemShapeFlatten',
] as const

export const ragged = z
  .strictObject({
    inputs: z
      .array(z.string().min(1))
      .default([])
      .describe('Inputs that the model takes as one axis: all elements of all requests'),
    derived: z
      .array(
        z.strictObject({
          input: z.string().min(1).describe('The input of the model that clients do not send'),
          kind: z
            .enum(DERIVED_KINDS)
            .describe('What it holds of the requests, in the words of Triton'),
          from: z.string().min(1).describe('The input of the requests that is counted'),
          datatype: z.enum(['INT32', 'FP32']).default('INT32').describe('What its elements are'),
        }),
      )
      .default([])
      .describe('Inputs that are made from the requests of a run'),
    scattered: z
      .array(
        z.strictObject({
          output: z.string().min(1).describe('The output that has no rows'),
          like: z.string().min(1).describe('The input whose shape says how much of it is whose'),
        }),
      )
      .default([])
      .describe('Outputs that are split by the shapes of an input'),
  })
  .superRefine(checkRagged)
