/** Inputs that tell a model of the place of a request in its sequence. */
import type { SequencePlace } from '../call.ts'
import type { InputSpec } from '../signature.ts'
import {
  type Datatype,
  dynamic,
  emptyData,
  type FixedDatatype,
  formatShape,
  type Shape,
  type Tensor,
} from '../tensor/index.ts'
import { contradiction, elementOf } from './agree.ts'
import type { SequencesConfig } from './plan.ts'

export type Control = Flag | Id

/** Says yes or no, by two values. */
interface Flag {
  readonly means: 'start' | 'end' | 'ready'
  readonly input: string
  readonly datatype: FixedDatatype
  /** Without the axis of rows: one place on each axis. */
  readonly shape: Shape
  readonly no: number | bigint
  readonly yes: number | bigint
}

interface Id {
  readonly means: 'id'
  readonly input: string
  readonly datatype: Datatype
  readonly shape: Shape
}

export interface ControlsPlanning {
  readonly model: string
  readonly inputs: readonly InputSpec[]
  readonly config: SequencesConfig
  readonly batched: boolean
}

/** Fails with MODEL_UNSUPPORTED. */
export function planControls(planning: ControlsPlanning): readonly Control[] {
  const { model, inputs, config, batched } = planning
  return config.controls.map(({ input, means, datatype, values }): Control => {
    const spec = inputs.find(({ name }) => name === input)
    if (spec === undefined) {
      throw contradiction(
        `configuration specified sequence control '${input}', but model does not provide that input`,
      )
    }
    const who = `unable to load model '${model}', sequence control '${input}'`
    const ofOne = spec.shape.slice(batched ? 1 : 0)
    if (ofOne.some((size) => size !== 1 && size !== dynamic)) {
      throw contradiction(`${who} in model has dims ${formatShape(ofOne)} but dims [1] is expected`)
    }
    if (datatype !== undefined && datatype !== spec.datatype) {
      throw contradiction(
        `${who}, the model expects data-type ${spec.datatype} but the model configuration specifies data-type ${datatype}`,
      )
    }
    const shape = ofOne.map(() => 1)
    if (means === 'id') {
      if (idTypes.includes(spec.datatype)) {
        return { means, input, datatype: spec.datatype, shape }
      }
      throw contradiction(
        `${who} is the id of a sequence and has datatype ${spec.datatype}, expected ${idTypes.join(', ')}`,
      )
    }
    if (spec.datatype === 'BYTES') {
      throw contradiction(`${who} says yes or no and has datatype BYTES, expected numbers`)
    }
    const [no, yes] = values.map((value) => elementOf(who, spec.datatype, Number(value)))
    return { means, input, datatype: spec.datatype, shape, no: no!, yes: yes! }
  })
}

/** One row for each of `places`; undefined where the row is none of a request. */
export function controlTensor(
  control: Control,
  places: readonly (SequencePlace | undefined)[],
  batched: boolean,
): Tensor {
  const shape = batched ? [places.length, ...control.shape] : control.shape
  if (control.means !== 'id') {
    const { datatype, means, no, yes } = control
    const data = emptyData(datatype, places.length)
    places.forEach((place, row) => {
      const holds = place !== undefined && (means === 'ready' || place[means])
      data[row] = (holds ? yes : no) as never
    })
    return { datatype, shape, data }
  }
  const { datatype } = control
  if (datatype === 'BYTES') {
    return { datatype, shape, data: places.map((place) => Buffer.from(`${place?.id ?? ''}`)) }
  }
  const data = emptyData(datatype, places.length)
  places.forEach((place, row) => {
    const id = (place?.id ?? 0n) as bigint
    // of 64 bits, whatever their sign: clients that hash their ids use all of them
    data[row] = (datatype.endsWith('64') ? id : Number(id)) as never
  })
  return { datatype, shape, data }
}

const idTypes: readonly Datatype[] = ['UINT64', 'INT64', 'UINT32', 'INT32', 'BYTES']
