/**
 * The schema of `model.yaml`: everything is optional, and what is left out is read from the model's
 * files. Names of ONNX Runtime's options are its own, in camel case.
 */
import { z } from 'zod'
import { DATATYPES } from '../tensor/index.ts'
import { count, milliseconds, nativeOptions } from './fields.ts'
import type { Frozen } from './freeze.ts'
import { checkInput, checkUnique } from './model-rules.ts'
import { batching, executors, queue, rateLimit } from './scheduling.ts'
import { checkScheduling } from './scheduling-rules.ts'
import { sequences } from './sequences.ts'

const tensor = {
  name: z.string().min(1).describe('The name of the tensor in the model'),
  datatype: z.enum(DATATYPES).optional().describe('What its elements are'),
  shape: z
    .array(z.int().min(-1))
    .max(64)
    .optional()
    .describe('The sizes of its axes, -1 for any size'),
}

const input = z
  .strictObject({
    ...tensor,
    fields: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Names for the places of the last axis'),
    minimum: z.number().optional().describe('The least value that is accepted'),
    maximum: z.number().optional().describe('The greatest value that is accepted'),
    allowed: z
      .array(z.union([z.number(), z.string(), z.boolean()]))
      .min(1)
      .optional()
      .describe('The only values that are accepted'),
    minimumLength: count(0).optional().describe('The least length of a string, in bytes'),
    maximumLength: count(0).optional().describe('The greatest length of a string, in bytes'),
    nonFinite: z
      .enum(['allow', 'refuse'])
      .optional()
      .describe('Whether NaN and infinities are accepted'),
  })
  .superRefine(checkInput)

const provider = z.union([
  z
    .string()
    .min(1)
    .transform((name) => ({ name, options: {} as Record<string, string> })),
  z.strictObject({
    name: z.string().min(1).describe('The name of the execution provider'),
    options: nativeOptions().prefault({}).describe('Its options, as ONNX Runtime names them'),
  }),
])

const onnx = z.strictObject({
  providers: z
    .array(provider)
    .default([])
    .describe('Execution providers in the order of preference; the CPU where none is named'),
  strict: z
    .boolean()
    .default(true)
    .describe('Whether a provider that is missing is an error, or only a warning'),
  graphOptimization: z
    .enum(['off', 'basic', 'extended', 'layout', 'all'])
    .default('all')
    .describe('How far the graph is rewritten when it is loaded'),
  executionMode: z
    .enum(['sequential', 'parallel'])
    .default('sequential')
    .describe('Whether independent parts of the graph run side by side'),
  profile: z
    .enum(['throughput', 'latency'])
    .default('throughput')
    .describe(
      'What threads are for: many runs at once, or one run that all of them share and is over sooner',
    ),
  intraOpThreads: count()
    .max(1024)
    .optional()
    .describe('Threads within one operator, in place of the shared ones'),
  interOpThreads: count()
    .max(1024)
    .optional()
    .describe('Threads among operators, where they run side by side'),
  memoryPattern: z.boolean().default(true).describe('Plan memory once for inputs of one shape'),
  cpuMemoryArena: z.boolean().default(true).describe('Keep memory between runs'),
  deterministic: z.boolean().optional().describe('Prefer kernels that always give the same bits'),
  freeDimensions: z
    .record(z.string().min(1), count())
    .default({})
    .describe('Sizes for axes that have a name in the graph'),
  freeDimensionsByDenotation: z
    .record(z.string().min(1), count())
    .default({})
    .describe('Sizes for axes that have a denotation in the graph'),
  logSeverity: z
    .enum(['verbose', 'info', 'warning', 'error', 'fatal'])
    .optional()
    .describe('The least severe message of ONNX Runtime that is logged'),
  profilingPrefix: z
    .string()
    .min(1)
    .optional()
    .describe('Write profiles to files that begin with this'),
  session: nativeOptions()
    .prefault({})
    .describe('Entries of the session configuration, as ONNX Runtime names them'),
})

const sample = z.strictObject({
  name: z.string().min(1).optional().describe('How messages call it; its number where left out'),
  count: count().default(1).describe('How often it is asked'),
  inputs: z
    .record(z.string().min(1), z.unknown())
    .describe('Values by the names of inputs, each of them rows or one row'),
})

const keys = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
      error:
        'expected up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit',
    })
    .optional()
    .describe('The name it is served under, in place of the name of its file or folder'),
  runtime: z
    .enum(['onnx', 'python', 'javascript', 'ensemble'])
    .optional()
    .describe('What runs it, in place of what its files tell'),
  inputs: z
    .array(input)
    .superRefine(checkUnique)
    .default([])
    .describe('What holds for its inputs beyond what the file says'),
  outputs: z
    .array(z.strictObject(tensor))
    .superRefine(checkUnique)
    .default([])
    .describe('What holds for its outputs beyond what the file says'),
  labels: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional()
    .describe('Names of the classes, in the order of the scores'),
  queue: queue.prefault({}),
  onnx: onnx.prefault({}),
  versions: z
    .union([
      z.strictObject({ latest: count().describe('So many of the highest') }),
      z.strictObject({ all: z.literal(true).describe('Every one') }),
      z.strictObject({ specific: z.array(count()).min(1).describe('These') }),
    ])
    .default({ latest: 1 })
    .describe('Which of its versions are served'),
  versionLabels: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,127}$/), count())
    .default({})
    .describe('Names for versions, by which they can be asked'),
  warmUp: z
    .strictObject({
      runs: count(0).default(1).describe('How often it is run before it takes requests'),
      nonFinite: z
        .enum(['warn', 'refuse'])
        .default('warn')
        .describe('What becomes of a version that answers NaN or infinities then'),
      samples: z
        .array(sample)
        .default([])
        .describe('Requests by which it is tried, in place of one that is made up'),
    })
    .prefault({}),
  executors: executors
    .default('auto')
    .describe('How many runs of it may go on at once; between two numbers, as the load asks'),
  rateLimit: rateLimit.prefault({}),
  isolation: z
    .enum(['none', 'process'])
    .default('none')
    .describe('Where it runs: in the process of the server, or in one of its own'),
  trusted: z.boolean().default(false).describe('Run code that lies in its folder'),
  python: z.unknown().optional().describe('The interpreter and packages it runs with'),
  batching: batching
    .default('auto')
    .describe('How requests are joined into one run; auto: where that is shown to be right'),
  cache: z
    .union([
      z.literal('off'),
      z.strictObject({
        ttlMs: milliseconds()
          .optional()
          .describe('How long an answer is given again; while there is room where left out'),
      }),
    ])
    .default('off')
    .describe('Whether an answer is kept for whoever asks the same again'),
  sequences: sequences.optional(),
  slo: z
    .strictObject({
      p99Ms: milliseconds().describe(
        'The time in which it should answer; a request that would take longer is refused',
      ),
    })
    .optional()
    .describe('The latency it should keep'),
  rollout: z.unknown().optional().describe('Whether a new version takes traffic by itself'),
})

export const modelSchema = keys.superRefine(checkScheduling)

export type ModelConfig = Frozen<z.output<typeof modelSchema>>
