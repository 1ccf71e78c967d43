/**
 * Whether a new version would leave clients of the one before without an answer: the first reason
 * why a request that the old one takes might be refused by the new one, or its answer not be
 * understood.
 *
 * What is more is no harm: outputs, inputs that may be left out, any size where there was one. A
 * stricter rule for values is harm like any other: it refuses what was answered. Whoever wrote it
 * meant it, and says so by forcing the version.
 */
import type { InputSpec, Signature, TensorSpec } from '../signature.ts'
import { dynamic, formatShape, type Shape } from '../tensor/index.ts'
import { impliedShapes } from './implied-shapes.ts'
import { axesTied } from './narrowing-axes.ts'
import { answersChanged } from './narrowing-task.ts'
import { valuesNarrowed } from './narrowing-values.ts'

/** In words about the old version and the new one; undefined where nobody is left out. */
export function narrowing(old: Signature, next: Signature): string | undefined {
  return inputsNarrowed(old, next) ?? outputsChanged(old, next) ?? answersChanged(old, next)
}

function inputsNarrowed(old: Signature, next: Signature): string | undefined {
  for (const { name } of old.inputs) {
    if (named(next.inputs, name) === undefined) {
      return `input "${name}" was taken, and is none of the new version`
    }
  }
  for (const { name, optional } of next.inputs) {
    if (optional === true) continue
    const before = named(old.inputs, name)
    if (before === undefined) return `the new version needs an input "${name}", which was not known`
    if (before.optional === true) {
      return `input "${name}" could be left out, and the new version needs it`
    }
  }
  const shapes = impliedShapes(old.inputs)
  const newShapes = impliedShapes(next.inputs)
  for (const input of old.inputs) {
    const { name } = input
    const after = named(next.inputs, name)!
    const why =
      inputNarrowed(input, shapes.get(name)!, after, newShapes.get(name)!) ??
      valuesNarrowed(input, after)
    if (why !== undefined) return why
  }
  return axesTied(old.inputs, next.inputs) ?? batchNarrowed(old, next)
}

function inputNarrowed(
  { name, datatype }: InputSpec,
  shape: Shape,
  after: InputSpec,
  newShape: Shape,
): string | undefined {
  if (after.datatype !== datatype) return took(name, datatype, after.datatype)
  const fits =
    newShape.length === shape.length &&
    newShape.every((size, axis) => size === dynamic || size === shape[axis])
  if (!fits) return took(name, `shape ${formatShape(shape)}`, formatShape(newShape))
  return undefined
}

const took = (input: string, before: string, after: string): string =>
  `input "${input}" took ${before}, the new version takes ${after}`

function batchNarrowed(old: Signature, next: Signature): string | undefined {
  const limit = next.maxBatchSize ?? Infinity
  const before = Math.min(old.maxBatchSize ?? Infinity, mostRows(old))
  if (limit >= before) return undefined
  const rows = before === Infinity ? 'any number of rows' : `${before} rows`
  return `a request could have ${rows}, the new version takes ${limit} at most`
}

function mostRows({ inputs }: Signature): number {
  const rows = [...impliedShapes(inputs).values()].map(([first = 0]) => first)
  return rows.includes(dynamic) ? Infinity : Math.max(0, ...rows)
}

function outputsChanged(old: Signature, next: Signature): string | undefined {
  for (const { name, datatype, shape } of old.outputs) {
    const after = named(next.outputs, name)
    if (after === undefined) return `output "${name}" was given, and is none of the new version`
    const gave = (before: string, now: string) =>
      `output "${name}" had ${before}, the new version gives ${now}`
    if (after.datatype !== datatype) return gave(datatype, after.datatype)
    if (!mayAgree(shape, after.shape)) {
      return gave(`shape ${formatShape(shape)}`, formatShape(after.shape))
    }
  }
  if ((old.streams ?? false) === (next.streams ?? false)) return undefined
  return next.streams === true
    ? 'there was one answer to a request, the new version gives any number of them'
    : 'there was any number of answers to a request, the new version gives one'
}

/** An axis of any size promises nothing, so only sizes that are fixed can disagree. */
const mayAgree = (shape: Shape, other: Shape): boolean =>
  shape.length === other.length &&
  shape.every((size, axis) => {
    const now = other[axis]
    return size === dynamic || now === dynamic || size === now
  })

const named = <Spec extends TensorSpec>(specs: readonly Spec[], name: string): Spec | undefined =>
  specs.find((spec) => spec.name === name)
