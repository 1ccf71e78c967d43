/** What `model_warmup` asks for, as values. */
import type { Datatype, Shape } from '../../tensor/index.ts'
import { datatypeOf } from './data-type.ts'
import type { ModelWarmup_Input } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export interface WarmUpSetting {
  readonly name: string
  /** Rows of one request; none is made for 0. */
  readonly batchSize: number
  readonly count: number
  readonly inputs: readonly WarmUpInput[]
}

export interface WarmUpInput {
  readonly name: string
  /** Undefined where none is told. */
  readonly datatype: Datatype | undefined
  /** Without an axis for rows. */
  readonly dims: Shape
  readonly data:
    | { readonly kind: 'zeros' | 'random' }
    | { readonly kind: 'file'; readonly name: string }
    | undefined
}

export const warmUpSettings = ({ modelWarmup }: TritonConfig): readonly WarmUpSetting[] =>
  modelWarmup.map(({ name, batchSize, count, inputs }, index) => ({
    name: name === '' ? `${index + 1}` : name,
    batchSize,
    count,
    inputs: Object.entries(inputs).map(([input, setting]) => inputOf(input, setting)),
  }))

const inputOf = (
  name: string,
  { dataType, dims, inputDataType }: ModelWarmup_Input,
): WarmUpInput => ({
  name,
  datatype: datatypeOf(dataType),
  dims: dims.map(Number),
  data: dataOf(inputDataType),
})

/** That a flag is given decides, whatever it says. */
function dataOf({ case: kind, value }: ModelWarmup_Input['inputDataType']): WarmUpInput['data'] {
  if (kind === 'zeroData') return { kind: 'zeros' }
  if (kind === 'randomData') return { kind: 'random' }
  return kind === 'inputDataFile' ? { kind: 'file', name: value } : undefined
}
