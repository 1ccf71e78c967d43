/** Nothing is timed before the answers are right. */

import { join } from 'node:path'
import type { Bare } from './bare-side.ts'
import { Child } from './child.ts'
import type { Format } from './requests.ts'
import type { Workload } from './workloads.ts'

/** Starts the load driver for a workload. */
export const startDriver = (workload: Workload, format: Format): Child =>
  new Child(process.execPath, [join(import.meta.dirname, 'drive.ts'), workload.id, format])

/** Compares what the server answers to every input with what bare ONNX Runtime answers. */
export async function verify(
  driver: Child,
  url: string,
  bare: Pick<Bare, 'answers'>,
): Promise<void> {
  const served = await driver.ask<readonly (readonly number[])[]>({ url, answers: true })
  const difference = mismatch(await bare.answers(), served)
  if (difference !== undefined) throw new Error(`${url} answers wrongly: ${difference}`)
}

type Rows = readonly (readonly number[])[]

/** Where answers differ by more than rounding; also when all expected ones are alike. */
export function mismatch(expected: Rows, got: Rows): string | undefined {
  const alike = (i: number, j: number) => i < j && difference(expected[i]!, expected[j]!) < 0
  if (expected.some((_, i) => expected.some((_, j) => alike(i, j)))) {
    return 'different inputs have the same answer, so that a swap would not be seen'
  }
  if (got.length !== expected.length) return `${got.length} answers, not ${expected.length}`
  for (const [i, row] of expected.entries()) {
    if (got[i]!.length !== row.length) return `answer ${i} has ${got[i]!.length} elements`
    const at = difference(row, got[i]!)
    if (at >= 0) return `answer ${i}, element ${at}: expected ${row[at]}, got ${got[i]![at]}`
  }
  return undefined
}

/** The first element that differs by more than rounding; -1 where none does. */
const difference = (row: readonly number[], other: readonly number[]) =>
  row.findIndex((value, j) => !close(value, other[j]!))

/** Equal but for rounding. */
export const close = (a: number, b: number) => Math.abs(a - b) <= 1e-6 + 1e-4 * Math.abs(a)
