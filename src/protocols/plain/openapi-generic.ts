/**
 * The paths of the API description that are there whatever models are served: named versions,
 * health, and the Open Inference Protocol.
 */
import type { ServedModel } from '../../models.ts'
import { exampleBody, exampleInference } from './example.ts'
import { answer, json, predictErrors } from './openapi-components.ts'
import type { Schema } from './openapi-schemas.ts'

/** A model to take the examples from. */
type Sample = Pick<ServedModel, 'name' | 'version' | 'signature'> | undefined

type Paths = Readonly<Record<string, Schema>>

export function genericPaths(sample: Sample): Paths {
  return { ...versionPaths(sample), ...healthPaths(), ...inferencePaths(sample) }
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
    '/v2/models': inferenceGet('v2Models', 'The names of all models'),
    '/v2/models/stats': inferenceGet('v2ModelsStats', 'The statistics of all models'),
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
