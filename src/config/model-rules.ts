/** What must hold between the keys of an input, beyond what each of them allows. */
import type { z } from 'zod'
import type { Datatype } from '../tensor/index.ts'

interface Described {
  readonly name: string
  readonly datatype?: Datatype | undefined
  readonly shape?: readonly number[] | undefined
  readonly fields?: readonly string[] | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minimumLength?: number | undefined
  readonly maximumLength?: number | undefined
}

export function checkInput(input: Described, context: z.core.$RefinementCtx): void {
  const report = (key: keyof Described, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message, input })
  const { datatype, shape, fields, minimum, maximum, minimumLength, maximumLength } = input

  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    report('minimum', `expected at most the maximum, ${maximum}`)
  }
  if (minimumLength !== undefined && maximumLength !== undefined && minimumLength > maximumLength) {
    report('minimumLength', `expected at most the maximumLength, ${maximumLength}`)
  }
  for (const key of ['minimum', 'maximum'] as const) {
    if (input[key] !== undefined && (datatype === 'BYTES' || datatype === 'BOOL')) {
      report(key, `expected none for an input of ${datatype}`)
    }
  }
  for (const key of ['minimumLength', 'maximumLength'] as const) {
    if (input[key] !== undefined && datatype !== undefined && datatype !== 'BYTES') {
      report(key, `expected none for an input of ${datatype}, only BYTES has lengths`)
    }
  }
  if (fields !== undefined) {
    const twice = fields.find((field, at) => fields.indexOf(field) !== at)
    if (twice !== undefined) report('fields', `expected each name once, "${twice}" is there twice`)
    const last = shape?.at(-1)
    if (last !== undefined && last !== -1 && last !== fields.length) {
      report('fields', `expected ${last} names, as the last axis of the shape has`)
    }
  }
}

/** Each tensor is described once. */
export function checkUnique(
  tensors: readonly { readonly name: string }[],
  context: z.core.$RefinementCtx,
): void {
  tensors.forEach(({ name }, at) => {
    if (tensors.findIndex((one) => one.name === name) < at) {
      const message = 'expected each tensor once, this one is described above'
      context.addIssue({ code: 'custom', path: [at, 'name'], message, input: name })
    }
  })
}
