/** Models without a runtime and exchanges without sockets, for the tests of protocols. */
import { Call } from '../call.ts'
import { checked } from '../checked.ts'
import { fail, ServingError } from '../errors.ts'
import type { ModelControl } from '../model-control.ts'
import type { ModelStatus, Models, ServedModel } from '../models.ts'
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
  return {
    ...{ name, version, platform: 'test', provider: 'test', signature, predictor },
    digest: 'd1',
    files: [{ path: 'model.onnx', bytes: 3, sha256: 'f1' }],
    configuration: async () => ({ name, max_batch_size: 0 }),
    refused: () => {},
  }
}

export function modelsOf(...served: readonly ServedModel[]): Models {
  const find: Models['find'] = (name, version) => {
    const model = served.find((one) => one.name === name)
    if (model === undefined) throw fail('MODEL_NOT_FOUND', { model: name, known: [] })
    if (version === undefined || version === model.version) return model
    throw fail('VERSION_NOT_FOUND', { model: name, version, known: [model.version] })
  }
  return {
    find,
    findToAsk: find,
    wake: () => undefined,
    defaultName: () => served[0]?.name ?? '',
    list: () => served.map(statusOf),
    ready: () => true,
  }
}

export const statusOf = (served: ServedModel): ModelStatus => {
  const { name, version } = served
  return { name, version, state: 'ready', served, stable: true }
}

/** Does nothing, but for what it is given to do. */
export const controlOf = (does: Partial<ModelControl> = {}): ModelControl => ({
  mode: 'explicit',
  index: () => [],
  load: async () => {},
  unload: async () => {},
  reload: async () => ({ models: [], needRestart: [] }),
  ...does,
})

export interface Asked {
  /** The route's pattern, as the protocol gives it. */
  readonly route: string
  readonly params?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Where the same path is there for both; POST if there is a body. */
  readonly method?: 'GET' | 'POST'
  readonly call?: Call
  /** What happens while the body is read. */
  readonly onRead?: () => void
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
  const { method = body.length > 0 ? 'POST' : 'GET' } = asked
  const { call = new Call({ requestId: 'request-1' }) } = asked
  const route = protocol.routes.find((one) => one.path === asked.route && one.method === method)
  if (route === undefined) throw new Error(`there is no route ${asked.route}`)
  let answered: Answered | undefined
  const by: Record<string, string> = {}
  const send = (status: number, type: string, bytes: Uint8Array, more = {}) => {
    const json = () => JSON.parse(Buffer.from(bytes).toString()) as unknown
    answered = { status, headers: { 'content-type': type, ...by, ...more }, bytes, json }
  }
  const exchange = {
    params,
    call,
    startedAt: 0,
    path: asked.route,
    header: (name: string) => headers[name],
    readBody: async () => {
      if (asked.onRead !== undefined) {
        await new Promise(setImmediate)
        asked.onRead()
      }
      return { bytes: new Uint8Array(Buffer.from(body)), recycle: () => {} }
    },
    answeredBy: (_model: string, version: string) => {
      by['x-sluice-version'] = version
    },
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
