/** The kinds of clients of which a load is mixed: what each sends, and how its answer is read. */
import { requestsOf } from '../requests.ts'
import { inputsOf, type Workload } from '../workloads.ts'

export interface Kind {
  readonly name: 'binary' | 'OIP JSON' | 'plain JSON'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** One for each input of the workload. */
  readonly bodies: readonly Buffer[]
  /** Fails where the body is nothing that this client expects. */
  readonly read: (body: Buffer, headerLength: number) => Told
}

export interface Told {
  readonly version: number
  readonly values: ArrayLike<number>
}

/** For a workload with INT64 inputs. */
export function kindsOf(workload: Workload): readonly Kind[] {
  const { model, input, output, datatype, shape } = workload
  const rows = inputsOf(workload).map((bytes) => [...new BigInt64Array(copied(bytes))].map(Number))
  const json = { 'content-type': 'application/json' }
  const binary = requestsOf(workload, 'binary')
  const inputs = (data: readonly number[]) => [{ name: input, shape, datatype, data }]
  return [
    { name: 'binary', ...binary, read: readBinary },
    {
      name: 'OIP JSON',
      path: binary.path,
      headers: json,
      bodies: rows.map((data) => bytesOf({ inputs: inputs(data) })),
      read: (body) => {
        const { model_version, outputs } = parsed<Inference>(body)
        return { version: Number(model_version), values: outputs[0]!.data! }
      },
    },
    {
      name: 'plain JSON',
      path: `/predict/${model}`,
      headers: json,
      bodies: rows.map((features) => bytesOf({ features })),
      read: (body) => {
        const { model_version, outputs } = parsed<Plain>(body)
        return { version: Number(model_version), values: outputs[output]! }
      },
    },
  ]
}

interface Inference {
  readonly model_version: string
  readonly outputs: readonly { readonly data?: readonly number[] }[]
}

interface Plain {
  readonly model_version: string
  readonly outputs: Readonly<Record<string, readonly number[]>>
}

function readBinary(body: Buffer, headerLength: number): Told {
  const { model_version } = parsed<Inference>(body.subarray(0, headerLength))
  const values = new Float32Array(copied(body.subarray(headerLength)))
  return { version: Number(model_version), values }
}

/** From the beginning of memory of its own, so that it is aligned. */
const copied = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

const parsed = <T>(body: Buffer) => JSON.parse(body.toString()) as T
