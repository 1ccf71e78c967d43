/** Requests of several sequences as one run, and its answer as theirs. */
import { fail } from '../errors.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import type { Signature } from '../signature.ts'
import {
  concatRows,
  formatShape,
  type NamedTensor,
  shapeFits,
  sliceRows,
  type Tensor,
} from '../tensor/index.ts'
import { controlTensor } from './controls.ts'
import { zeros } from './initial-state.ts'
import type { SequencePlan, State } from './plan.ts'
import type { SequenceRequest } from './request.ts'

/** A request in each row, or none. */
export type Rows = readonly (SequenceRequest | undefined)[]

export interface Parts {
  readonly plan: SequencePlan
  /** What the model takes and gives. */
  readonly model: Signature
  /** The outputs that a client gets who names none. */
  readonly outputNames: readonly string[]
}

/** The run of these rows: at least one of them is a request. */
export function joinRows(rows: Rows, { plan, model, outputNames }: Parts): InferenceRequest {
  const { batched, controls, states } = plan
  const inputs: NamedTensor[] = []
  for (const { name } of model.inputs) {
    const control = controls.find(({ input }) => input === name)
    const state = states.findIndex(({ input }) => input === name)
    if (control !== undefined) {
      const places = rows.map((row) => row?.place)
      inputs.push({ name, tensor: controlTensor(control, places, batched) })
      continue
    }
    const tensorOf = (row: SequenceRequest) =>
      state === -1
        ? row.request.inputs.find((input) => input.name === name)?.tensor
        : stateOf(row, state, plan)
    const tensors = rows.map((row) => row && tensorOf(row))
    const one = tensors.find((tensor) => tensor !== undefined)
    if (one === undefined) continue // may be left out, and all of them do
    const empty = () => zeros(one.datatype, one.shape)
    inputs.push({ name, tensor: concatRows(tensors.map((tensor) => tensor ?? empty())) })
  }
  const wanted = new Set(states.map(({ output }) => output))
  for (const row of rows) {
    for (const name of row === undefined ? [] : (row.request.outputs ?? outputNames)) {
      wanted.add(name)
    }
  }
  const names = model.outputs.map(({ name }) => name)
  return { inputs, outputs: names.filter((name) => wanted.has(name)) }
}

/** Of what the next request of a sequence reads: as it begins, or as the last one has left it. */
export const stateOf = ({ place, sequence }: SequenceRequest, index: number, plan: SequencePlan) =>
  place.start ? plan.states[index]!.initial : sequence.states[index]!

export interface Piece {
  readonly response: InferenceResponse
  /** In the order of the plan. */
  readonly states: readonly Tensor[]
}

/** What each request gets, in the order of its row. Fails with RUN_FAILED where something lacks. */
export function splitRows(
  rows: Rows,
  response: InferenceResponse,
  { plan, outputNames }: Parts,
): ReadonlyMap<SequenceRequest, Piece> {
  const outputs = new Map(response.outputs.map(({ name, tensor }) => [name, tensor]))
  const given = (name: string): Tensor => {
    const tensor = outputs.get(name)
    if (tensor === undefined) throw lacking(`output "${name}" is not there`)
    if (!plan.batched || tensor.shape[0] === rows.length) return tensor
    throw lacking(`output "${name}" has shape ${formatShape(tensor.shape)} for ${rows.length} rows`)
  }
  const rowOf = (name: string, row: number): Tensor =>
    plan.batched ? sliceRows(given(name), row, row + 1) : given(name)
  return new Map(
    rows.flatMap((one, row) => {
      if (one === undefined) return []
      const names = one.request.outputs ?? outputNames
      const piece: Piece = {
        response: {
          ...response,
          outputs: names.map((name) => ({ name, tensor: rowOf(name, row) })),
        },
        states: plan.states.map((state) => kept(state, rowOf(state.output, row))),
      }
      return [[one, piece] as const]
    }),
  )
}

/** A copy where it is a part of something larger, which would be kept with it. */
function kept({ output, datatype, shape }: State, tensor: Tensor): Tensor {
  if (tensor.datatype !== datatype || !shapeFits(tensor.shape, shape)) {
    throw lacking(
      `state "${output}" is ${tensor.datatype} ${formatShape(tensor.shape)}, expected ${datatype} ${formatShape(shape)}`,
    )
  }
  if (tensor.datatype === 'BYTES') {
    return { ...tensor, data: tensor.data.map((string) => Uint8Array.from(string)) }
  }
  const { data } = tensor
  return data.byteLength === data.buffer.byteLength ? tensor : { ...tensor, data: data.slice() }
}

const lacking = (problem: string) => fail('RUN_FAILED', {}, new Error(problem))
