/** What comes out of a run is held against what went in. */
import { fail } from '../errors.ts'
import type { Signature } from '../signature.ts'
import { formatShape, type NamedTensor } from '../tensor/index.ts'

/** An output whose first axis bears the name of the batch must have as many rows as came in. */
export function checkRows(
  outputs: readonly NamedTensor[],
  rows: number,
  { inputs, outputs: declared }: Signature,
): void {
  const axis = inputs[0]?.axes?.[0]
  if (axis === undefined) return
  for (const { name, tensor } of outputs) {
    if (tensor.shape[0] === rows) continue
    if (declared.find((output) => output.name === name)?.axes?.[0] !== axis) continue
    const got = formatShape(tensor.shape)
    throw fail('RUN_FAILED', {}, new Error(`output "${name}" has shape ${got} for ${rows} rows`))
  }
}
