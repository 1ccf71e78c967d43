/** The plain API: predictions, health, metrics and documentation, for people and their scripts. */
import type { Clock } from '../../clock.ts'
import { fail } from '../../errors.ts'
import type { Models, ServedModel } from '../../models.ts'
import {
  type Body,
  type Exchange,
  get,
  type HttpProtocol,
  post,
  type Route,
} from '../../transport/http/index.ts'
import { type Asked, askedVersion, askModel } from '../asked.ts'
import { counted } from '../counted.ts'
import { askPlain, decodeBody } from './ask.ts'
import { createDocsAssets, docsPage, docsSecurityPolicy } from './docs-page.ts'
import { answerError } from './errors.ts'
import { healthOf } from './health.ts'
import { openapi } from './openapi.ts'

export interface PlainOptions {
  readonly models: Models
  readonly clock: Clock
  readonly serverName: string
  readonly serverVersion: string
  /** The metrics page. */
  readonly renderMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>
  /** A further path for the metrics, as another server had it. */
  readonly metricsPath?: string | undefined
}

export function plainProtocol(options: PlainOptions): HttpProtocol {
  const { models } = options
  const askedOf = (exchange: Exchange): Asked => ({
    name: exchange.params.model ?? models.defaultName(),
    version: askedVersion(exchange),
  })
  const predictRoutes = ['', '/v1'].flatMap((prefix) =>
    ['/predict', '/predict/:model', '/predict/:model/versions/:version'].map((path) =>
      post(`${prefix}${path}`, 'infer', (exchange) =>
        predict(exchange, askedOf(exchange), options),
      ),
    ),
  )
  return { prefix: '', routes: [...predictRoutes, ...pages(options)], fail: answerError }
}

/** Only the metrics, for a port of their own. */
export function metricsProtocol(options: MetricsOptions): HttpProtocol {
  return { prefix: '', routes: metricsRoutes(options), fail: answerError }
}

function predict(exchange: Exchange, asked: Asked, { models, clock }: PlainOptions): Promise<void> {
  const contentType = exchange.header('content-type')
  const elapsedMs = () => clock.now() - exchange.startedAt
  const ask = async (model: ServedModel, body: Body) => {
    const plain = counted(model, () => decodeBody(contentType, model, body.bytes))
    body.recycle() // JSON and CSV are decoded into memory of their own
    const { text, version } = await askPlain(model, plain, exchange.call, elapsedMs)
    if (version !== model.version) exchange.answeredBy(model.name, version)
    await exchange.json(200, text)
  }
  return askModel(exchange, { models, asked, ask })
}

function pages(options: PlainOptions): readonly Route[] {
  const { models, serverName, serverVersion } = options
  const docsAsset = createDocsAssets()
  return [
    get('/health', 'public', (exchange) => {
      const { status, text } = healthOf(models)
      return exchange.json(status, text)
    }),
    get('/health/live', 'public', (exchange) => exchange.json(200, '{"status":"ok"}')),
    get('/health/ready', 'public', (exchange) => {
      const ready = models.ready()
      return exchange.json(ready ? 200 : 503, `{"status":"${ready ? 'ok' : 'unavailable'}"}`)
    }),
    ...metricsRoutes(options),
    get('/openapi.json', 'read', (exchange) => {
      const document = openapi({
        models: models.list().flatMap(({ stable, served }) => (stable && served) || []),
        title: serverName,
        version: serverVersion,
        ...defaultName(models),
      })
      return exchange.json(200, JSON.stringify(document))
    }),
    get('/docs', 'read', (exchange) =>
      exchange.send(200, 'text/html; charset=utf-8', Buffer.from(docsPage()), {
        'content-security-policy': docsSecurityPolicy,
      }),
    ),
    get('/docs/assets/:name', 'read', async (exchange) => {
      const asset = await docsAsset(exchange.params.name ?? '')
      if (asset === undefined) throw fail('ROUTE_NOT_FOUND', { url: exchange.path.slice(0, 100) })
      await exchange.send(200, asset.contentType, asset.body, { 'cache-control': 'max-age=3600' })
    }),
  ]
}

type MetricsOptions = Pick<PlainOptions, 'renderMetrics' | 'metricsPath'>

function metricsRoutes({ renderMetrics, metricsPath }: MetricsOptions): readonly Route[] {
  const paths = new Set(['/metrics', ...(metricsPath === undefined ? [] : [metricsPath])])
  return [...paths].map((path) =>
    get(path, 'read', async (exchange) => {
      const { contentType, body } = await renderMetrics()
      await exchange.send(200, contentType, Buffer.from(body))
    }),
  )
}

function defaultName(models: Models): { readonly defaultModel?: string } {
  try {
    return { defaultModel: models.defaultName() }
  } catch {
    return {}
  }
}
