/** How the same question is put to servers that speak different protocols, and their answers read. */
import { inputsOf, type Workload } from './workloads.ts'

/**
 * `binary`: the Open Inference Protocol with binary tensors; `oip`: the same in JSON; `json`: the
 * plain API of this server. The others are what peers have of their own.
 */
export type Format = keyof typeof formats

export interface Requests {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** One for each input of the workload. */
  readonly bodies: readonly Buffer[]
}

interface Dialect {
  requests(workload: Workload): Requests
  /** The elements of an FP32 output that an answer carries. */
  answer(body: Buffer, headerLength: number): readonly number[]
}

const json = { 'content-type': 'application/json' }
const raw = { 'content-type': 'application/octet-stream' }

const formats = {
  binary: {
    requests: (workload) => {
      const header = binaryHeader(workload)
      return {
        path: `/v2/models/${workload.model}/infer`,
        headers: { ...raw, 'inference-header-content-length': String(header.length) },
        bodies: inputsOf(workload).map((bytes) => Buffer.concat([header, bytes])),
      }
    },
    answer: (body, headerLength) => [...floats(body.subarray(headerLength))],
  },
  oip: {
    requests: (workload) => {
      const { model, input: name, shape, datatype } = workload
      const bodyOf = (data: readonly number[]) => ({ inputs: [{ name, shape, datatype, data }] })
      return inJson(`/v2/models/${model}/infer`, workload, bodyOf)
    },
    answer: (body) => parsed<{ outputs: [{ data: number[] }] }>(body).outputs[0].data,
  },
  json: {
    requests: (workload) =>
      inJson(`/predict/${workload.model}`, workload, (features) => ({ features })),
    answer: (body) => {
      const { probability } = parsed<{ probability?: number[] }>(body)
      if (probability === undefined) throw new Error(`no probability in the answer: ${body}`)
      return probability
    },
  },
  bentoml: {
    requests: (workload) => inJson('/rows', workload, (data) => ({ rows: [data] })),
    answer: (body) => parsed<number[][]>(body).flat(),
  },
  bentomlRaw: {
    requests: (workload) => ({ path: '/raw', headers: raw, bodies: inputsOf(workload) }),
    answer: (body) => parsed<number[][]>(body).flat(),
  },
  mlflow: {
    requests: (workload) =>
      inJson('/invocations', workload, (data) => ({ inputs: { [workload.input]: [data] } })),
    answer: (body) =>
      Object.values(parsed<{ predictions: Record<string, number[][]> }>(body).predictions).flat(2),
  },
  torchserve: {
    requests: (workload) =>
      inJson(`/predictions/${workload.model}`, workload, (data) => ({ data })),
    answer: (body) => parsed<number[]>(body),
  },
  torchserveRaw: {
    requests: (workload) => ({
      path: `/predictions/${workload.model}`,
      headers: raw,
      bodies: inputsOf(workload),
    }),
    answer: (body) => [...floats(body)],
  },
} as const satisfies Record<string, Dialect>

export const requestsOf = (workload: Workload, format: Format): Requests =>
  formats[format].requests(workload)

/** The elements of an FP32 output that an answer carries. */
export const answerOf = (format: Format, body: Buffer, headerLength: number): readonly number[] =>
  formats[format].answer(body, headerLength)

function inJson(
  path: string,
  workload: Workload,
  bodyOf: (data: readonly number[]) => unknown,
): Requests {
  const elements = workload.datatype === 'INT64' ? integers : decimals
  return {
    path,
    headers: json,
    bodies: inputsOf(workload).map((bytes) => Buffer.from(JSON.stringify(bodyOf(elements(bytes))))),
  }
}

function binaryHeader({ input: name, output, datatype, shape }: Workload): Buffer {
  const size = shape.reduce((a, b) => a * b, 1) * (datatype === 'INT64' ? 8 : 4)
  const inputs = [{ name, shape, datatype, parameters: { binary_data_size: size } }]
  const outputs = [{ name: output, parameters: { binary_data: true } }]
  return Buffer.from(JSON.stringify({ inputs, outputs }))
}

const decimals = (bytes: Buffer) => [...floats(bytes)].map((value) => Number(value.toFixed(2)))

const integers = (bytes: Buffer) =>
  [...new BigInt64Array(Uint8Array.from(bytes).buffer)].map(Number)

const floats = (bytes: Buffer) => new Float32Array(Uint8Array.from(bytes).buffer)

const parsed = <T>(body: Buffer) => JSON.parse(body.toString()) as T
