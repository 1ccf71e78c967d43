/** Rows of tensors: joining along the first axis, and taking slices of it as views. */
import { strict as assert } from 'node:assert'
import { layoutOf } from './datatype.ts'
import { dataToFill, type FixedTensor, type Tensor } from './tensor.ts'

/** Joins tensors that differ in their first axis at most. Copies; one tensor alone is returned. */
export function concatRows(tensors: readonly Tensor[]): Tensor {
  const first = tensors[0]
  assert(first !== undefined, 'there is something to join')
  if (tensors.length === 1) return first
  const rows = tensors.reduce((sum, tensor) => sum + rowsOf(tensor), 0)
  const shape = [rows, ...first.shape.slice(1)]

  if (first.datatype === 'BYTES') {
    return {
      datatype: 'BYTES',
      shape,
      data: tensors.flatMap((tensor) => tensor.data as Uint8Array[]),
    }
  }
  const parts = tensors as readonly FixedTensor[]
  const length = parts.reduce((sum, { data }) => sum + data.length, 0)
  const data = dataToFill(first.datatype, length)
  let at = 0
  for (const part of parts) {
    data.set(part.data as never, at)
    at += part.data.length
  }
  return { datatype: first.datatype, shape, data }
}

/** Rows `from` up to, not including, `to`. A view of the same memory. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const rows = rowsOf(tensor)
  assert(0 <= from && from <= to && to <= rows, `rows ${from} to ${to} of ${rows}`)
  const shape = [to - from, ...tensor.shape.slice(1)]
  const width = rows === 0 ? 0 : tensor.data.length / rows
  if (tensor.datatype === 'BYTES') {
    return { datatype: 'BYTES', shape, data: tensor.data.slice(from * width, to * width) }
  }
  const { view } = layoutOf(tensor.datatype)
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = tensor.data
  const data = view(buffer, byteOffset + from * width * BYTES_PER_ELEMENT, (to - from) * width)
  return { datatype: tensor.datatype, shape, data }
}

/** Cuts a tensor into pieces of so many rows each, as views. The counts add up to all its rows. */
export function splitRows(tensor: Tensor, counts: readonly number[]): readonly Tensor[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  assert.equal(total, rowsOf(tensor), 'the pieces are all the rows')
  let from = 0
  return counts.map((count) => {
    const piece = sliceRows(tensor, from, from + count)
    from += count
    return piece
  })
}

function rowsOf(tensor: Tensor): number {
  const rows = tensor.shape[0]
  assert(rows !== undefined, 'a scalar has no rows')
  return rows
}
