/** The kinds of values that keys of the configuration take. */
import { z } from 'zod'

/** 0 picks a free port; `off` does not listen at all. */
export const port = () => z.union([z.int().min(0).max(65_535), z.literal('off')])

/** A time in milliseconds, within what a timer of Node.js can wait. */
export const milliseconds = (least = 1) => z.int().min(least).max(2_147_483_647)

/** The same, with parts of a millisecond. */
export const fineMilliseconds = (least = 0.001) => z.number().min(least).max(2_147_483_647)

export const count = (least = 1) => z.int().min(least)

export const words = () => z.array(z.string().min(1))

/** A number of bytes, or a size with its unit: `64MiB`. */
export const bytes = () =>
  z.union([
    z.int().min(1),
    z
      .string()
      .regex(sizePattern, { error: 'expected a size such as 64MiB' })
      .transform(bytesOfSize)
      .pipe(z.int().min(1)),
  ])

/** Options that a native library takes as strings; `true` and `false` become 1 and 0. */
export const nativeOptions = () =>
  z.record(
    z.string().min(1),
    z
      .union([z.string(), z.number(), z.boolean()])
      .transform((value) => (typeof value === 'boolean' ? String(Number(value)) : String(value))),
  )

const sizePattern = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|KB|MB|GB)$/

const unitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}

function bytesOfSize(text: string): number {
  const [, amount, unit] = sizePattern.exec(text)!
  return Math.floor(Number(amount) * unitBytes[unit!]!)
}
