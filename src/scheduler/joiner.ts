/** How requests become one and its answers theirs again. */
import { type InferenceRequest, rowsOf } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import { concatRows, dynamic, type NamedTensor, splitRows } from '../tensor/index.ts'
import { joinRagged, type RaggedSpec, splitRagged } from './ragged.ts'

export interface Joiner {
  /** Whether the model takes what is joined of one request too, and not the request as it is. */
  readonly always: boolean
  /** Whether runs of requests of one shape take the same time, whatever is in them. */
  readonly steady: boolean
  /** Requests of the same shape may be joined. */
  shapeOf(request: InferenceRequest): string
  /** What the model is given for several of one shape. */
  join(requests: readonly InferenceRequest[]): readonly NamedTensor[]
  /** The outputs of each. */
  split(
    outputs: readonly NamedTensor[],
    requests: readonly InferenceRequest[],
  ): readonly (readonly NamedTensor[])[]
}

/** Rows one after the other, as the requests are. Outputs are views of what the model gave. */
export function rowJoiner({ inputs }: Signature): Joiner {
  const oneShape = inputs.every(
    ({ shape, optional }) => optional !== true && !shape.slice(1).includes(dynamic),
  )
  return {
    always: false,
    steady: inputs.every(({ datatype }) => datatype !== 'BYTES'),
    shapeOf: oneShape ? () => '' : (request) => request.inputs.map(shapeBeyondRows).join(';'),
    join: (requests) =>
      requests[0]!.inputs.map(({ name }, place) => ({
        name,
        tensor: concatRows(requests.map((request) => request.inputs[place]!.tensor)),
      })),
    split(outputs, requests) {
      const counts = requests.map(rowsOf)
      const pieces = outputs.map(({ tensor }) => splitRows(tensor, counts))
      return requests.map((_, place) =>
        outputs.map(({ name }, output) => ({ name, tensor: pieces[output]![place]! })),
      )
    },
  }
}

/** Inputs laid one after the other, whatever their shapes; rows of the others must be alike. */
export function raggedJoiner(spec: RaggedSpec): Joiner {
  const uneven = new Set(spec.inputs.filter(({ flat }) => flat).map(({ name }) => name))
  return {
    always: true,
    steady: false,
    shapeOf: ({ inputs }) =>
      inputs
        .filter(({ name }) => !uneven.has(name))
        .map(shapeBeyondRows)
        .join(';'),
    join: (requests) => joinRagged(requests, spec),
    split: (outputs, requests) => splitRagged(outputs, requests, spec),
  }
}

/** What belongs to what in it, only the model knows. */
export function isUneven(request: InferenceRequest): boolean {
  const rows = rowsOf(request)
  for (const { tensor } of request.inputs) if ((tensor.shape[0] ?? 1) !== rows) return true
  return false
}

/** The name too, since an input may be left out. */
const shapeBeyondRows = ({ name, tensor }: NamedTensor): string =>
  `${name}:${tensor.shape.slice(1).join(',')}`
