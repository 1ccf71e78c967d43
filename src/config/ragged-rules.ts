/** What must hold between the keys of `batching.ragged`. */
import type { z } from 'zod'

interface Ragged {
  readonly inputs: readonly string[]
  readonly derived: readonly { readonly input: string; readonly from: string }[]
  readonly scattered: readonly { readonly output: string; readonly like: string }[]
}

/** Each tensor is told of once, and what is derived is derived from what clients send. */
export function checkRagged(
  { inputs, derived, scattered }: Ragged,
  context: z.core.$RefinementCtx,
): void {
  const report = (path: (string | number)[], message: string, input: string) =>
    context.addIssue({ code: 'custom', path, message, input })
  const made = new Set(derived.map(({ input }) => input))
  const names = [...inputs, ...derived.map(({ input }) => input)]
  const once = 'expected each tensor once, this one is described above'
  names.forEach((name, at) => {
    if (names.indexOf(name) === at) return
    const derivedAt = at - inputs.length
    report(derivedAt < 0 ? ['inputs', at] : ['derived', derivedAt, 'input'], once, name)
  })
  scattered.forEach(({ output }, at) => {
    if (scattered.findIndex((one) => one.output === output) < at) {
      report(['scattered', at, 'output'], once, output)
    }
  })
  const sent = 'expected an input that clients send, this one is derived'
  derived.forEach(({ from }, at) => {
    if (made.has(from)) report(['derived', at, 'from'], sent, from)
  })
  scattered.forEach(({ like }, at) => {
    if (made.has(like)) report(['scattered', at, 'like'], sent, like)
  })
}
