/** Whom a request asks, and who answers it: what every protocol that predicts does around a body. */
import { fail } from '../errors.ts'
import type { Models, ServedModel } from '../models.ts'
import type { Body, Exchange } from '../transport/http/index.ts'
import { refusedBy } from './counted.ts'

export interface Asked {
  readonly name: string
  /** Its number, or a label. */
  readonly version: string | undefined
}

/** The version that the path names, or else the header `x-sluice-version`. */
export function askedVersion(exchange: Exchange): string | undefined {
  const { version } = exchange.params
  if (version !== undefined) return version
  const header = exchange.header('x-sluice-version')
  return header === '' ? undefined : header?.slice(0, longestVersion)
}

/** The version that answers, once it is there. */
export async function findAwake(
  models: Models,
  { name, version }: Asked,
  exchange: Exchange,
): Promise<ServedModel> {
  const waking = models.wake(name, version, exchange.call)
  if (waking !== undefined) await waking
  return models.find(name, version)
}

export interface Asking {
  readonly models: Models
  readonly asked: Asked
  /** The byte of the body that is to lie on a boundary of 64 bytes. */
  readonly alignAt?: number
  /** Decodes the body and asks the model, both in the turn in which it is called. */
  readonly ask: (model: ServedModel, body: Body) => Promise<void>
}

/**
 * Finds the model, reads the body, and finds the model again: while the body came another version
 * may have taken its place, and the one found before takes no more requests then. Between the
 * second time and the predictor nothing may be awaited, since only in this turn it is sure to be
 * there; a model that waits on disk until it is asked may have gone back in the meantime, too.
 */
export async function askModel(
  exchange: Exchange,
  { models, asked: { name, version }, alignAt, ask }: Asking,
): Promise<void> {
  const { call } = exchange
  const early = models.wake(name, version, call)
  if (early !== undefined) await early
  const known = models.findToAsk(name, version)
  if (known.signature.streams === true) throw fail('MODEL_STREAMS', { model: name })
  exchange.answeredBy(known.name, known.version)
  let body: Body
  try {
    body = await exchange.readBody(alignAt)
  } catch (thrown) {
    throw refusedBy(known, thrown)
  }
  const late = models.wake(name, version, call)
  if (late !== undefined) await late
  const model = models.findToAsk(name, version)
  if (model !== known) exchange.answeredBy(model.name, model.version)
  await ask(model, body)
}

const longestVersion = 128
