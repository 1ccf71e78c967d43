/**
 * The part of the API description that is the same whatever models are served: named versions,
 * health, the Open Inference Protocol, and the shapes of errors.
 */
import { fail, type ServingError } from '../../errors.ts'
import type { ServedModel } from '../../models.ts'
import { exampleBody, exampleInference } from './example.ts'
import { object, type Schema } from './openapi-schemas.ts'

/** A model to take the examples from. */
type Sample = Pick<ServedModel, 'name' | 'version' | 'signature'> | undefined

type Paths = Readonly<Record<string, Schema>>

export function genericPaths(sample: Sample): Paths {
  return { ...versionPaths(sample), ...healthPaths(), ...inferencePaths(sample) }
}

/** What any prediction may be answered with, besides its result. */
export const predictErrors: Schema = Object.fromEntries(
  ['404', '413', '415', '422', '429', '500', '503', '504'].map((status) => [
    status,
    { $ref: `#/components/responses/${status}` },
  ]),
)

export function sharedComponents(): Readonly<Record<string, Schema>> {
  const responses: Schema = {
    '404': error(
      'There is no such model or version. The hint lists those there are.',
      fail('MODEL_NOT_FOUND', { model: 'iriss', known: ['iris'] }),
    ),
    '413': error(
      'The body is larger than the server accepts.',
      fail('BODY_TOO_LARGE', { limit: 2 ** 26 }),
    ),
    '415': error(
      'The body is of a type, or in an encoding, that is not understood.',
      fail('MEDIA_TYPE_UNSUPPORTED', {
        what: 'content-type',
        got: 'application/xml',
        expected: '"application/json"',
      }),
    ),
    '422': answer('The input is wrong: each problem, and where it is.', 'InputError'),
    '429': later(
      'The queue of this model is full.',
      fail('QUEUE_FULL', { model: 'iris', limit: 128 }),
    ),
    '500': error('The model failed to run.', fail('RUN_FAILED')),
    '503': later('Overloaded, loading or shutting down.', fail('DRAINING')),
    '504': later(
      'The deadline passed, or would have.',
      fail('DEADLINE_EXCEEDED', { where: 'waiting' }),
    ),
  }
  return {
    parameters: {
      Timeout: {
        name: 'x-request-timeout-ms',
        in: 'header',
        description: 'The answer is of no use after so many milliseconds.',
        schema: { type: 'integer', minimum: 1 },
      },
    },
    headers: {
      RequestId: {
        description: 'The id of the request, as the log has it.',
        schema: { type: 'string' },
      },
      RetryAfter: {
        description: 'Seconds after which trying again is sensible.',
        schema: { type: 'integer', minimum: 0 },
      },
    },
    responses,
    schemas: sharedSchemas(),
  }
}

function sharedSchemas(): Schema {
  const text = { type: 'string' }
  const any: Schema = {}
  return {
    Error: object({ detail: text, code: text, hint: text, request_id: text }, ['detail', 'code']),
    InputError: object(
      {
        detail: {
          type: 'array',
          items: object(
            {
              type: text,
              loc: { type: 'array', items: { type: ['string', 'integer'] } },
              msg: text,
              input: { description: 'what came' },
              expected: text,
              hint: text,
            },
            ['type', 'loc', 'msg'],
          ),
        },
        request_id: text,
      },
      ['detail'],
      {
        examples: [
          {
            detail: [
              {
                type: 'value_out_of_range',
                loc: ['body', 'features', 0, 2],
                msg: 'input "features": -1 is out of range, expected at least 0',
                input: -1,
                expected: 'at least 0',
              },
            ],
            request_id: exampleId,
          },
        ],
      },
    ),
    Prediction: { type: 'object', description: 'As the model answers: see its own path.' },
    AnyFeatures: {
      anyOf: [
        object({ features: any }, ['features']),
        object({ inputs: { type: 'object' } }, ['inputs']),
      ],
    },
    Health: object(
      {
        status: text,
        model_loaded: { type: 'boolean' },
        models: { type: 'array', items: { type: 'object' } },
      },
      ['status', 'model_loaded', 'models'],
    ),
    InferenceRequest: object(
      {
        id: text,
        inputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
        outputs: { type: 'array', items: object({ name: text }, ['name']) },
        parameters: { type: 'object' },
      },
      ['inputs'],
    ),
    InferenceResponse: object(
      {
        id: text,
        model_name: text,
        model_version: text,
        outputs: { type: 'array', items: { $ref: '#/components/schemas/InferenceTensor' } },
      },
      ['model_name', 'outputs'],
    ),
    InferenceTensor: object(
      {
        name: text,
        datatype: text,
        shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
        data: { type: 'array', description: 'in row-major order, flat or nested', items: any },
        parameters: { type: 'object' },
      },
      ['name', 'datatype', 'shape'],
    ),
    InferenceError: object({ error: text }, ['error']),
  }
}

function versionPaths(sample: Sample): Paths {
  const body = sample === undefined ? undefined : exampleBody(sample.signature).body
  return {
    '/predict/{model}/versions/{version}': {
      parameters: namedBy(sample, true),
      post: {
        operationId: 'predictVersion',
        tags: ['Predict'],
        summary: 'Ask one version of a model',
        parameters: [{ $ref: '#/components/parameters/Timeout' }],
        requestBody: json('AnyFeatures', body),
        responses: { '200': answer('The answer.', 'Prediction'), ...predictErrors },
      },
    },
  }
}

function healthPaths(): Paths {
  const get = (operationId: string, summary: string, responses: Schema) => ({
    get: { operationId, tags: ['Health'], summary, responses },
  })
  const health = (description: string) => answer(description, 'Health')
  return {
    '/health': get('health', 'What is served, and in which state', {
      '200': health('Requests may be sent.'),
      '503': health('Requests may not be sent.'),
    }),
    '/health/live': get('live', 'Whether the process is alive', {
      '200': { description: 'It is.' },
    }),
    '/health/ready': get('ready', 'Whether requests may be sent', {
      '200': { description: 'They may.' },
      '503': { description: 'They may not: loading, failed or shutting down.' },
    }),
    '/metrics': get('metrics', 'Metrics in the text format of Prometheus', {
      '200': {
        description: 'The metrics.',
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
    }),
  }
}

function inferencePaths(sample: Sample): Paths {
  const body = sample === undefined ? undefined : exampleInference(sample.signature).body
  const root = {
    '/v2/health/live': inferenceGet('v2Live', 'Whether the process is alive'),
    '/v2/health/ready': inferenceGet('v2Ready', 'Whether requests may be sent'),
    '/v2': inferenceGet('v2Server', 'The name, version and extensions of the server'),
  }
  const ofModel = [false, true].flatMap((versioned) => {
    const path = `/v2/models/{model}${versioned ? '/versions/{version}' : ''}`
    const parameters = namedBy(sample, versioned)
    const [suffix, what] = versioned ? ['Version', 'a version'] : ['', 'a model']
    const get = (id: string, summary: string) => ({
      parameters,
      ...inferenceGet(`${id}${suffix}`, `${summary} of ${what}`),
    })
    return [
      [path, get('v2Model', 'Names, datatypes and shapes')],
      [`${path}/ready`, get('v2ModelReady', 'The readiness')],
      [`${path}/config`, get('v2ModelConfig', 'The configuration')],
      [`${path}/stats`, get('v2ModelStats', 'The statistics')],
      [
        `${path}/infer`,
        {
          parameters,
          post: {
            operationId: `v2Infer${suffix}`,
            tags: ['Open Inference Protocol'],
            summary: `Ask ${what} with named tensors`,
            requestBody: json('InferenceRequest', body),
            responses: {
              '200': answer('The tensors of the answer.', 'InferenceResponse'),
              default: answer('Why there is none.', 'InferenceError'),
            },
          },
        },
      ],
    ]
  })
  return { ...root, ...Object.fromEntries(ofModel) }
}

function inferenceGet(operationId: string, summary: string) {
  return {
    get: {
      operationId,
      tags: ['Open Inference Protocol'],
      summary,
      responses: {
        '200': { description: 'Yes, or what was asked for.' },
        default: { description: 'Not ready, or not there.' },
      },
    },
  }
}

/** The parameters of a path, filled in with what exists where something does. */
function namedBy(sample: Sample, versioned: boolean): Schema[] {
  const parameters = [parameter('model', 'the name of a model', sample?.name)]
  if (versioned) parameters.push(parameter('version', 'one of its versions', sample?.version))
  return parameters
}

function parameter(name: string, description: string, example?: string): Schema {
  return {
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
    ...(example === undefined ? {} : { example }),
  }
}

function json(schema: string, example: unknown): Schema {
  return {
    required: true,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schema}` },
        ...(example === undefined ? {} : { example }),
      },
    },
  }
}

function answer(description: string, schema: string, example?: Schema): Schema {
  return {
    description,
    headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
    content: json(schema, example).content,
  }
}

function error(description: string, { message, code, hint }: ServingError): Schema {
  const said = { detail: message, code, ...(hint === undefined ? {} : { hint }) }
  return answer(description, 'Error', { ...said, request_id: exampleId })
}

function later(description: string, problem: ServingError): Schema {
  const { headers, ...rest } = error(description, problem)
  const retry = { 'retry-after': { $ref: '#/components/headers/RetryAfter' } }
  return { ...rest, headers: { ...(headers as Schema), ...retry } }
}

const exampleId = '0b2c7a52-6f0e-4f0e-9d53-3a5b1f0c8e11'
