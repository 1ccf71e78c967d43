/**
 * The schema of `sluice.yaml`: everything a server can be told. Names of variables, flags, defaults
 * and the reference page come from it. A key is described by what it does, in its unit.
 */
import { z } from 'zod'
import { LOG_LEVELS } from '../log.ts'
import { bytes, count, milliseconds, port, words } from './fields.ts'
import type { Frozen } from './freeze.ts'
import { rateLimit } from './rate-limit.ts'

export const serverSchema = z.strictObject({
  models: words().default([]).describe('Model files, model folders and repositories to serve'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
      error:
        'expected up to 128 letters, digits, dots, underscores and hyphens, the first a letter or digit',
    })
    .optional()
    .describe('The name under which the only path is served'),
  default: z.string().min(1).optional().describe('The model asked when a request names none'),
  server: z
    .strictObject({
      name: z.string().min(1).default('sluice').describe('How the server names itself to clients'),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('The address that ports are bound to'),
      port: port().default(8000).describe('The port of the HTTP protocols'),
      maxBodyBytes: bytes()
        .prefault(64 * 2 ** 20)
        .describe('The largest body of a request, in bytes or as 64MiB'),
      headersTimeoutMs: milliseconds()
        .default(10_000)
        .describe('The time in which the headers of a request must arrive'),
      bodyTimeoutMs: milliseconds()
        .default(30_000)
        .describe('The longest pause in which nothing of a body arrives'),
      idleTimeoutMs: milliseconds()
        .default(65_000)
        .describe('The time for which an idle connection is kept open'),
      allowedHosts: words()
        .default([])
        .describe('Further names this server goes by in Host and Origin headers'),
      corsOrigins: words()
        .default([])
        .describe('Origins whose pages in a browser may call this server'),
    })
    .prefault({}),
  grpc: z
    .strictObject({ port: port().default('off').describe('The port of the gRPC protocols') })
    .prefault({}),
  metrics: z
    .strictObject({
      port: port().default(8002).describe('The port of the metrics, which HTTP serves as well'),
    })
    .prefault({}),
  onnx: z
    .strictObject({
      library: z
        .string()
        .min(1)
        .optional()
        .describe('The ONNX Runtime library to use in place of the one that is installed'),
      threads: count().max(1024).default(1).describe('Threads that one run of a model may use'),
      executors: z
        .union([count().max(1024), z.literal('auto')])
        .default('auto')
        .describe('Runs at once for all models together; auto: as the cores allow'),
    })
    .prefault({}),
  queue: z
    .strictObject({
      maxWaiting: count(0).default(256).describe('Requests that may wait for one model'),
      maxWaitingBytes: bytes()
        .prefault(256 * 2 ** 20)
        .describe('Memory that these may hold, in bytes or as 256MiB'),
    })
    .prefault({}),
  rateLimit: rateLimit.prefault({}),
  cache: z
    .strictObject({
      maxBytes: bytes()
        .prefault(64 * 2 ** 20)
        .describe('Memory for answers that are given again, in bytes or as 64MiB'),
      redis: z
        .url({ protocol: /^rediss?$/, error: 'expected an address that begins with redis://' })
        .optional()
        .describe('A Redis by which several servers share such answers'),
    })
    .prefault({}),
  readiness: z
    .strictObject({
      strict: z.boolean().default(false).describe('Ready only when every model is, not just one'),
    })
    .prefault({}),
  exitOnError: z.boolean().default(false).describe('End the start when any model cannot be loaded'),
  shutdownTimeoutMs: milliseconds(0)
    .default(30_000)
    .describe('The time for which a stopping server waits for requests it accepted'),
  adminTokenFile: z
    .string()
    .min(1)
    .optional()
    .describe('A file with the token that managing the server takes'),
  modelControlMode: z
    .enum(['none', 'poll', 'explicit'])
    .default('none')
    .describe('How models change at run time: at a reload, with their files, or when asked'),
  loadModels: words()
    .default([])
    .describe('Models to load at the start under explicit control, * for all'),
  repositoryPollMs: milliseconds()
    .default(15_000)
    .describe(
      'How often repositories are looked at under poll; what the system tells of comes at once',
    ),
  modelConfigFile: z
    .string()
    .min(1)
    .optional()
    .describe('A model_config_list of TensorFlow Serving, whose models are served'),
  batchingParametersFile: z
    .string()
    .min(1)
    .optional()
    .describe('Batching parameters of TensorFlow Serving'),
  monitoringConfigFile: z
    .string()
    .min(1)
    .optional()
    .describe('A monitoring configuration of TensorFlow Serving'),
  disableAutoCompleteConfig: z
    .boolean()
    .default(false)
    .describe('Take config.pbtxt as it is, without completing it from the file of the model'),
  load: z
    .strictObject({
      atOnce: count().max(64).default(2).describe('Versions that are loaded at once'),
      timeoutMs: milliseconds().default(600_000).describe('The time in which a version must load'),
    })
    .prefault({}),
  drainTimeoutMs: milliseconds(0)
    .default(30_000)
    .describe('The time for which a version that is replaced may finish what it took'),
  modelMemory: z
    .strictObject({
      limitBytes: bytes().optional().describe('Memory for all models, in bytes or as 4GiB'),
      evict: z
        .boolean()
        .default(false)
        .describe('Unload models that are idle to make room, and load them when asked'),
    })
    .prefault({}),
  repositoryControl: z
    .enum(['token', 'open'])
    .default('token')
    .describe('Who may load and unload models: whoever has the token, or everybody'),
  stateDir: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A folder for what outlives the process, off for none; in the user's state folder where left out",
    ),
  trust: z.boolean().default(false).describe('Run code that lies in the folders of models'),
  log: z
    .strictObject({
      level: z.enum(LOG_LEVELS).default('info').describe('The least severe event that is logged'),
      format: z.enum(['text', 'json']).default('text').describe('How events are written'),
      access: z.boolean().default(true).describe('Log every request'),
    })
    .prefault({}),
  traces: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/, error: 'expected an address that begins with http' })
        .optional()
        .describe('Where traces are sent by OTLP over HTTP; none are made without it'),
    })
    .prefault({}),
})

export type ServerConfig = Frozen<z.output<typeof serverSchema>>

/** Keys that hold paths: relative to the file's folder in a file, to the working folder elsewhere. */
export const pathKeys: readonly string[] = [
  'models',
  'onnx.library',
  'adminTokenFile',
  'stateDir',
  'modelConfigFile',
  'batchingParametersFile',
  'monitoringConfigFile',
]
