/** What a model takes and gives: names, datatypes, shapes, and what is known of the values. */
import type { Datatype, Shape } from './tensor/index.ts'

export interface TensorSpec {
  readonly name: string
  readonly datatype: Datatype
  /** `dynamic` (-1) where any size will do. */
  readonly shape: Shape
  /** The names of its axes, where they have one: axes of one name have one size in a request. */
  readonly axes?: readonly (string | undefined)[]
}

export interface InputSpec extends TensorSpec {
  readonly optional?: boolean
  readonly constraints?: Constraints
}

/** What must hold for the values of an input, beyond its datatype. */
export interface Constraints {
  /** Names for the columns: the places of the last axis. */
  readonly fields?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly allowed?: readonly (number | string | boolean)[]
  /** Of each string of a BYTES input, in bytes. */
  readonly minimumLength?: number
  readonly maximumLength?: number
  /** What becomes of NaN and infinities; allowed where nothing is said. */
  readonly nonFinite?: 'allow' | 'refuse'
}

/**
 * How the outputs answer a question, for protocols that speak to people.
 * - classifier: one label a row, or one score a class and row, or both
 * - regressor: one number a row
 */
export type Task =
  | {
      readonly kind: 'classifier'
      readonly labelOutput?: string
      readonly scoreOutput?: string
      /** Names of the classes, in the order of the scores. */
      readonly labels?: readonly (string | number)[]
      /** The values that the label output has for these classes, where they are not its names. */
      readonly classes?: readonly (string | number)[]
    }
  | { readonly kind: 'regressor'; readonly output: string }

export interface Signature {
  readonly inputs: readonly InputSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly task?: Task
  /** A decoupled model: any number of answers to one request. */
  readonly streams?: boolean
  /** The most rows of one request; any number of them where nothing is said. */
  readonly maxBatchSize?: number
}
