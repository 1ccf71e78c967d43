/** Something to be tried with many inputs. */
import type { Random } from './random.ts'

export interface Target {
  readonly name: string
  readonly cases: number
  /** Called once, in the thread that tries all the cases. */
  open(): Try
}

/** Makes an input, shows it to `given`, and tries it. Throws or rejects where it finds a fault. */
export type Try = (
  random: Random,
  given: (input: string | Uint8Array) => void,
) => void | Promise<void>
