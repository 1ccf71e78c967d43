/**
 * The Open Inference Protocol over REST: health, metadata, inference in JSON and binary, and of
 * Triton's extensions model configuration, the model repository and statistics.
 */
import type { ModelControl } from '../../../model-control.ts'
import type { Models } from '../../../models.ts'
import type { Statistics } from '../../../statistics.ts'
import {
  type Exchange,
  get,
  type HttpProtocol,
  post,
  type Route,
} from '../../../transport/http/index.ts'
import { type Asked, askedVersion, findAwake } from '../../asked.ts'
import { infer } from './infer.ts'
import { KnownFrames } from './known-frames.ts'
import { modelMetadata, serverMetadata, versionsOf } from './metadata.ts'
import { readyVersion } from './ready.ts'
import { type RepositoryControl, repositoryRoutes } from './repository.ts'
import { statisticsOf } from './statistics.ts'
import { answerError } from './status.ts'

export interface OpenInferenceOptions {
  readonly models: Models
  readonly control: ModelControl
  readonly repositoryControl: RepositoryControl
  readonly statistics: Statistics
  readonly serverName: string
  readonly serverVersion: string
}

export function openInferenceRest(options: OpenInferenceOptions): HttpProtocol {
  const routes = [...serverRoutes(options), ...modelRoutes(options), ...repositoryRoutes(options)]
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
    get('/v2', 'read', (exchange) => tell(exchange, serverMetadata(serverName, serverVersion))),
    get('/v2/models', 'read', (exchange) => {
      const names = new Set(models.list().map(({ name }) => name))
      return tell(exchange, { models: [...names] })
    }),
    get('/v2/models/stats', 'read', (exchange) =>
      tell(exchange, statisticsOf(statistics.modelStatistics())),
    ),
  ]
}

/**
 * What tells of a model wakes it where it has to be read from its files; what is asked over and
 * over by machines, its readiness and statistics, does not.
 */
function modelRoutes({ models, statistics }: OpenInferenceOptions): readonly Route[] {
  const frames = new KnownFrames()
  return ['/v2/models/:model', '/v2/models/:model/versions/:version(^[0-9]+$)'].flatMap((path) => [
    get(path, 'read', async (exchange) => {
      const model = await findAwake(models, askedOf(exchange), exchange)
      await tell(exchange, modelMetadata(model, versionsOf(models, model.name)))
    }),
    get(`${path}/config`, 'read', async (exchange) => {
      const model = await findAwake(models, askedOf(exchange), exchange)
      await tell(exchange, await model.configuration())
    }),
    get(`${path}/ready`, 'public', (exchange) => {
      const asked = askedOf(exchange)
      const version = readyVersion(models, asked)
      return tell(exchange, { name: asked.name, version, ready: true })
    }),
    get(`${path}/stats`, 'read', (exchange) => {
      const asked = askedOf(exchange)
      const found = readyVersion(models, asked)
      const version = asked.version === undefined ? undefined : found
      return tell(exchange, statisticsOf(statistics.modelStatistics(asked.name, version)))
    }),
    post(`${path}/infer`, 'infer', (exchange) =>
      infer(exchange, askedOf(exchange), { models, frames }),
    ),
  ])
}

const askedOf = (exchange: Exchange): Asked => ({
  name: exchange.params.model ?? '',
  version: askedVersion(exchange),
})

const tell = (exchange: Exchange, value: unknown) => exchange.json(200, JSON.stringify(value))
