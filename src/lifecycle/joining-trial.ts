/**
 * Whether rows together give what rows apart give: tried when a version is loaded, so that requests
 * share runs only where nobody can tell.
 *
 * Rows that differ are asked one by one, then together: in two orders, and in runs of different sizes.
 * A model that reduces, sorts or scales over the rows of a run, or answers one with the help of its
 * neighbours, answers them otherwise then. Rows that differ and are answered alike would hide that, so
 * that rows further apart are tried.
 */
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import { concatRows, type NamedTensor } from '../tensor/index.ts'
import { differenceOf } from './row-difference.ts'

export interface JoiningTrial {
  readonly ask: (request: InferenceRequest) => Promise<InferenceResponse>
  /** Requests of one row each and one shape: several tries, each further apart. */
  readonly tries: readonly (readonly InferenceRequest[])[]
  /** The most rows of a run. */
  readonly maxRows: number
}

/** Why requests must not share runs; undefined where they may. Fails as `ask` does. */
export async function whyApart(trial: JoiningTrial): Promise<string | undefined> {
  if (trial.tries.length === 0) return 'no rows that differ could be made up for it'
  for (const rows of trial.tries) {
    const apart: InferenceResponse[] = []
    for (const row of rows) {
      const answer = await trial.ask(row)
      const other = answer.outputs.find(({ tensor }) => tensor.shape[0] !== 1)
      if (other !== undefined)
        return `output "${other.name}" has another number of rows than a request`
      apart.push(answer)
    }
    const again = await trial.ask(rows[0]!)
    const change = differenceOf(again.outputs, [apart[0]!.outputs])
    if (change !== undefined) return `it does not answer the same request alike: ${change}`
    const difference = await compare(trial, rows, apart)
    if (difference !== undefined) {
      return `its answers together differ from those apart: ${difference}`
    }
    if (!areAlike(apart)) return undefined
  }
  return 'rows that differ were answered alike, so that it could not be shown that they may be joined'
}

/** The first difference in words. */
async function compare(
  { ask, maxRows }: JoiningTrial,
  rows: readonly InferenceRequest[],
  apart: readonly InferenceResponse[],
): Promise<string | undefined> {
  const places = rows.map((_, place) => place)
  const runs = [places.slice(0, 2), places.slice(2), places.toReversed()]
  for (const run of runs.flatMap((places) => cut(places, maxRows))) {
    const answer = await ask(joined(run.map((place) => rows[place]!)))
    const expected = run.map((place) => apart[place]!.outputs)
    const difference = differenceOf(answer.outputs, expected)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** One request of all these rows. */
export function joined(requests: readonly InferenceRequest[]): InferenceRequest {
  const [first] = requests
  if (requests.length === 1) return first!
  return {
    inputs: first!.inputs.map(
      ({ name }, place): NamedTensor => ({
        name,
        tensor: concatRows(requests.map(({ inputs }) => inputs[place]!.tensor)),
      }),
    ),
  }
}

const areAlike = ([first, ...others]: readonly InferenceResponse[]): boolean =>
  others.every(({ outputs }) => differenceOf(outputs, [first!.outputs]) === undefined)

function cut(places: readonly number[], most: number): readonly (readonly number[])[] {
  if (places.length <= most) return [places]
  return [places.slice(0, most), ...cut(places.slice(most), most)]
}
