/**
 * The Open Inference Protocol over REST: health, metadata, inference in JSON and binary, and of
 * Triton's extensions model configuration and statistics.
 */
import { fail } from '../../../errors.ts'
import type { Models, ServedModel } from '../../../models.ts'
import type { Statistics } from '../../../statistics.ts'
import {
  type Exchange,
  get,
  type HttpProtocol,
  post,
  type Route,
} from '../../../transport/http/index.ts'
import { counted } from '../../counted.ts'
import { decodeInference, readHeaderLength } from './decode.ts'
import { encodeInference } from './encode.ts'
import { modelConfiguration, modelMetadata, serverMetadata } from './metadata.ts'
import { statisticsOf } from './statistics.ts'
import { answerError } from './status.ts'

export interface OpenInferenceOptions {
  readonly models: Models
  readonly statistics: Statistics
  readonly serverName: string
  readonly serverVersion: string
}

export function openInferenceRest(options: OpenInferenceOptions): HttpProtocol {
  const routes = [...serverRoutes(options), ...modelRoutes(options)]
  return { prefix: '/v2', routes, fail: answerError }
}

function serverRoutes({
  models,
  statistics,
  serverName,
  serverVersion,
}: OpenInferenceOptions): readonly Route[] {
  return [
    get('/v2/health/live', 'public', (exchange) => exchange.json(200, '{"live":true}')),
    get('/v2/health/ready', 'public', (exchange) => {
      const ready = models.ready()
      return exchange.json(ready ? 200 : 503, `{"ready":${ready}}`)
    }),
    get('/v2', 'read', (exchange) =>
      exchange.json(200, JSON.stringify(serverMetadata(serverName, serverVersion))),
    ),
    get('/v2/models', 'read', (exchange) => {
      const names = new Set(models.list().map(({ name }) => name))
      return exchange.json(200, JSON.stringify({ models: [...names] }))
    }),
    get('/v2/models/stats', 'read', (exchange) =>
      exchange.json(200, JSON.stringify(statisticsOf(statistics.modelStatistics()))),
    ),
  ]
}

function modelRoutes({ models, statistics }: OpenInferenceOptions): readonly Route[] {
  const find = ({ params: { model, version } }: Exchange) => models.find(model ?? '', version)
  const tell = (exchange: Exchange, value: unknown) => exchange.json(200, JSON.stringify(value))
  return ['/v2/models/:model', '/v2/models/:model/versions/:version(^[0-9]+$)'].flatMap((path) => [
    get(path, 'read', (exchange) => {
      const model = find(exchange)
      return tell(exchange, modelMetadata(model, versionsOf(models, model.name)))
    }),
    get(`${path}/ready`, 'public', (exchange) => {
      const { name, version } = find(exchange)
      return tell(exchange, { name, version, ready: true })
    }),
    get(`${path}/config`, 'read', (exchange) => tell(exchange, modelConfiguration(find(exchange)))),
    get(`${path}/stats`, 'read', (exchange) => {
      const { name } = find(exchange)
      const { version } = exchange.params
      return tell(exchange, statisticsOf(statistics.modelStatistics(name, version)))
    }),
    post(`${path}/infer`, 'infer', (exchange) => infer(exchange, find(exchange))),
  ])
}

async function infer(exchange: Exchange, model: ServedModel): Promise<void> {
  if (model.signature.streams === true) throw fail('MODEL_STREAMS', { model: model.name })
  exchange.answeredBy(model.name, model.version)
  const headerLength = exchange.header('inference-header-content-length')
  const { body, id, request, wantsBinary } = await counted(model, async () => {
    const body = await exchange.readBody(readHeaderLength(headerLength ?? '') || 0)
    return { body, ...decodeInference(body.bytes, headerLength) }
  })
  const response = await model.predictor.predict(request, exchange.call)
  const encoded = encodeInference(response, id, wantsBinary)
  // only now: a request that ended before its run did leaves its memory to that run
  body.recycle()
  if (encoded.headerLength === undefined) {
    await exchange.send(200, 'application/json', encoded.bytes)
    return
  }
  await exchange.send(200, 'application/octet-stream', encoded.bytes, {
    'inference-header-content-length': `${encoded.headerLength}`,
  })
}

const versionsOf = (models: Models, name: string): readonly string[] =>
  models
    .list()
    .filter((status) => status.name === name && status.state === 'ready')
    .map(({ version }) => version)
