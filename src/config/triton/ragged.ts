/** What `allow_ragged_batch`, `batch_input` and `batch_output` amount to here. */

import { datatypeOf } from './data-type.ts'
import { BatchInput_Kind as Kind } from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function raggedOf(config: TritonConfig): { readonly ragged?: object } {
  const { input, batchInput, batchOutput } = config
  const ragged = {
    inputs: input.filter(({ allowRaggedBatch }) => allowRaggedBatch).map(({ name }) => name),
    derived: batchInput.flatMap(({ kind, targetName, dataType, sourceInput: [from] }) =>
      targetName.map((name) => ({
        ...{ input: name, kind: kindOf.get(kind), from },
        datatype: datatypeOf(dataType),
      })),
    ),
    scattered: batchOutput.flatMap(({ targetName, sourceInput: [like] }) =>
      targetName.map((output) => ({ output, like })),
    ),
  }
  return Object.values(ragged).every(({ length }) => length === 0) ? {} : { ragged }
}

const kindOf: ReadonlyMap<number, string> = new Map([
  [Kind.BATCH_ELEMENT_COUNT, 'elementCount'],
  [Kind.BATCH_ACCUMULATED_ELEMENT_COUNT, 'accumulatedElementCount'],
  [Kind.BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO, 'accumulatedElementCountWithZero'],
  [Kind.BATCH_MAX_ELEMENT_COUNT_AS_SHAPE, 'maxElementCountAsShape'],
  [Kind.BATCH_ITEM_SHAPE, 'itemShape'],
  [Kind.BATCH_ITEM_SHAPE_FLATTEN, 'itemShapeFlatten'],
])
