/** One inference: a body, the model's answer, a body. */
import type { Models, ServedModel } from '../../../models.ts'
import type { Body, Exchange } from '../../../transport/http/index.ts'
import { type Asked, askModel } from '../../asked.ts'
import { counted } from '../../counted.ts'
import { readHeaderLength } from './decode.ts'
import { encodeInference } from './encode.ts'
import type { KnownFrames } from './known-frames.ts'

export interface InferOptions {
  readonly models: Models
  readonly frames: KnownFrames
}

export function infer(
  exchange: Exchange,
  asked: Asked,
  { models, frames }: InferOptions,
): Promise<void> {
  const header = exchange.header('inference-header-content-length')
  const alignAt = readHeaderLength(header ?? '') || 0
  const ask = (model: ServedModel, body: Body) => answer(exchange, model, body, header, frames)
  return askModel(exchange, { models, asked, alignAt, ask })
}

async function answer(
  exchange: Exchange,
  model: ServedModel,
  body: Body,
  headerLength: string | undefined,
  frames: KnownFrames,
): Promise<void> {
  const decoded = counted(model, () => frames.decode(model, body.bytes, headerLength))
  const { id, request, scheduling, wantsBinary } = decoded
  if (scheduling !== undefined) exchange.call.scheduling = scheduling
  const response = await model.predictor.predict(request, exchange.call)
  if (response.version !== model.version) exchange.answeredBy(model.name, response.version)
  const { json, binary } = encodeInference(response, id, wantsBinary)
  // only now: a request that ended before its run did leaves its memory to that run
  body.recycle()
  if (binary === undefined) return exchange.json(200, json)
  return exchange.send(200, 'application/octet-stream', binary.bytes, {
    'inference-header-content-length': `${binary.headerLength}`,
  })
}
