/** One inference: a body, the model's answer, a body. */
import type { Models, ServedModel } from '../../../models.ts'
import type { Body, Exchange } from '../../../transport/http/index.ts'
import { type Asked, askModel } from '../../asked.ts'
import { counted } from '../../counted.ts'
import { classified } from '../classification.ts'
import { decodeRaw } from '../raw-request.ts'
import { type OpenInferenceRequest, readHeaderLength } from './decode.ts'
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
  const length = header === undefined ? undefined : readHeaderLength(header)
  const decode: Decode =
    length === 0 ? decodeAlone : (model, { bytes }) => frames.decode(model, bytes, header)
  const ask = (model: ServedModel, body: Body) => respond(exchange, model, body, decode)
  return askModel(exchange, { models, asked, alignAt: length || 0, ask })
}

type Decode = (model: ServedModel, body: Body) => OpenInferenceRequest

/** All of the body is the only input, and all outputs come as bytes. */
function decodeAlone({ signature }: ServedModel, { bytes }: Body): OpenInferenceRequest {
  const request = decodeRaw(signature, bytes)
  return { id: undefined, scheduling: undefined, request, wantsBinary: () => true }
}

async function respond(
  exchange: Exchange,
  model: ServedModel,
  body: Body,
  decode: Decode,
): Promise<void> {
  const decoded = counted(model, () => decode(model, body))
  const { id, request, scheduling, wantsBinary, classes } = decoded
  if (scheduling !== undefined) exchange.call.scheduling = scheduling
  const answer = await model.predictor.predict(request, exchange.call)
  if (answer.version !== model.version) exchange.answeredBy(model.name, answer.version)
  const response = classes === undefined ? answer : classified(answer, classes, model.signature)
  const { json, binary } = encodeInference(response, id, wantsBinary)
  // only now: a request that ended before its run did leaves its memory to that run
  body.recycle()
  if (binary === undefined) return exchange.json(200, json)
  return exchange.send(200, 'application/octet-stream', binary.bytes, {
    'inference-header-content-length': `${binary.headerLength}`,
  })
}
