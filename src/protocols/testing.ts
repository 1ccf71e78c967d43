/** Models without a runtime and exchanges without sockets, for the tests of protocols. */
import { Call } from '../call.ts'
import { checked } from '../checked.ts'
import { fail, ServingError } from '../errors.ts'
import type { Models, ServedModel } from '../models.ts'
import { type InferenceRequest, streamOfOne } from '../predictor.ts'
import type { InputSpec, Signature, TensorSpec } from '../signature.ts'
import type { Datatype, NamedTensor, Shape } from '../tensor/index.ts'
import type { Exchange, HttpProtocol } from '../transport/http/index.ts'

export const inputOf = (
  name: string,
  datatype: Datatype,
  shape: Shape,
  more: Omit<InputSpec, keyof TensorSpec> = {},
): InputSpec => ({ name, datatype, shape, ...more })

/** Answers every input as an output of the same name, behind the door that checks requests. */
export function echoModel(name: string, inputs: readonly InputSpec[]): ServedModel {
  const outputs = inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))
  return modelOf(name, { inputs, outputs }, (request) => request.inputs)
}

export function modelOf(
  name: string,
  signature: Signature,
  answer: (request: InferenceRequest) => readonly NamedTensor[],
): ServedModel {
  const version = '3'
  const timing = { queueMs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
  const predictor = checked(name, {
    signature,
    predict: async (request) => {
      const all = answer(request)
      const wanted = request.outputs?.map((output) => all.find((one) => one.name === output)!)
      return { model: name, version, outputs: wanted ?? all, timing }
    },
    stream: (request, call) => streamOfOne(predictor, request, call),
  })
  const refused = () => {}
  return { name, version, platform: 'test', provider: 'test', signature, predictor, refused }
}

export function modelsOf(...served: readonly ServedModel[]): Models {
  const find = (name: string) => {
    const model = served.find((one) => one.name === name)
    if (model === undefined) throw fail('MODEL_NOT_FOUND', { model: name, known: [] })
    return model
  }
  return {
    find,
    findDefault: () => find(served[0]?.name ?? ''),
    list: () =>
      served.map((one) => ({ name: one.name, version: one.version, state: 'ready', served: one })),
    ready: () => true,
  }
}

export interface Asked {
  /** The route's pattern, as the protocol gives it. */
  readonly route: string
  readonly params?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  /** The body as JSON. */
  readonly json: () => unknown
}

/** One request through a protocol, its own words for errors included. */
export async function ask(protocol: HttpProtocol, asked: Asked): Promise<Answered> {
  const { headers = {}, params = {}, body = '' } = asked
  const route = protocol.routes.find(
    ({ path, method }) => path === asked.route && (method === 'POST') === body.length > 0,
  )
  if (route === undefined) throw new Error(`there is no route ${asked.route}`)
  let answered: Answered | undefined
  const send = (status: number, type: string, bytes: Uint8Array, more = {}) => {
    const json = () => JSON.parse(Buffer.from(bytes).toString()) as unknown
    answered = { status, headers: { 'content-type': type, ...more }, bytes, json }
  }
  const exchange = {
    params,
    call: new Call({ requestId: 'request-1' }),
    startedAt: 0,
    path: asked.route,
    header: (name: string) => headers[name],
    readBody: async () => ({ bytes: new Uint8Array(Buffer.from(body)), recycle: () => {} }),
    answeredBy: () => {},
    json: (status: number, text: string, more = {}) =>
      send(status, 'application/json', Buffer.from(text), more),
    send,
  } as unknown as Exchange
  try {
    await route.handle(exchange)
  } catch (thrown) {
    protocol.fail(exchange, ServingError.from(thrown))
  }
  if (answered === undefined) throw new Error(`${asked.route} did not answer`)
  return answered
}
