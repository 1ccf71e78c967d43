/** The admin API: what the command line and the dashboard call to see models and to change them. */
import { whileWaited } from '../call.ts'
import { fail } from '../errors.ts'
import type { Fleet } from '../executor-figures.ts'
import type { ModelControl } from '../model-control.ts'
import type { Models } from '../models.ts'
import { type Exchange, get, type HttpProtocol, post } from '../transport/http/index.ts'
import { autoscalerRow } from './autoscaler-row.ts'
import { decodeLoad, decodeNothing } from './body.ts'
import { answerError } from './errors.ts'
import { modelRow } from './model-row.ts'

export interface AdminOptions {
  readonly models: Models
  readonly control: ModelControl
  /** Undefined until models can be loaded. */
  readonly fleet: () => Fleet | undefined
}

export function adminProtocol({ models, control, fleet }: AdminOptions): HttpProtocol {
  const modelOf = (name: string) => ({ name, versions: rowsOf(control, name) })
  const routes = [
    get('/admin/v1/models', 'read', (exchange) =>
      tell(exchange, {
        mode: control.mode,
        ready: models.ready(),
        models: control.index().map(modelRow),
      }),
    ),
    get('/admin/v1/models/:model', 'read', (exchange) => tell(exchange, modelOf(named(exchange)))),
    post('/admin/v1/models/:model/load', 'manage', async (exchange) => {
      const name = named(exchange)
      const options = await decodeBody(exchange, decodeLoad)
      await whileWaited(control.load(name, options), exchange.call)
      await tell(exchange, modelOf(name))
    }),
    post('/admin/v1/models/:model/unload', 'manage', async (exchange) => {
      const name = named(exchange)
      await decodeBody(exchange, decodeNothing)
      await control.unload(name)
      await tell(exchange, modelOf(name))
    }),
    get('/admin/v1/autoscaler', 'read', (exchange) => {
      const known = fleet()
      const rows = known?.explain().map(autoscalerRow) ?? []
      return tell(exchange, { threads: known?.threads, models: rows })
    }),
    post('/admin/v1/reload', 'manage', async (exchange) => {
      await decodeBody(exchange, decodeNothing)
      const { models, needRestart } = await whileWaited(control.reload(), exchange.call)
      await tell(exchange, { models: models.map(modelRow), need_restart: needRestart })
    }),
  ]
  return { prefix: '/admin', routes, fail: answerError }
}

/** Fails with MODEL_NOT_FOUND. */
function rowsOf(control: ModelControl, name: string) {
  const entries = control.index()
  const rows = entries.filter((entry) => entry.name === name).map(modelRow)
  if (rows.length > 0) return rows
  const known = [...new Set(entries.map((entry) => entry.name))]
  throw fail('MODEL_NOT_FOUND', { model: name, known })
}

async function decodeBody<T>(exchange: Exchange, decode: (bytes: Uint8Array) => T): Promise<T> {
  const body = await exchange.readBody()
  try {
    return decode(body.bytes)
  } finally {
    body.recycle()
  }
}

const named = ({ params }: Exchange): string => params.model ?? ''

const tell = (exchange: Exchange, value: unknown) => exchange.json(200, JSON.stringify(value))
