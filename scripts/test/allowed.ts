import type { Skip } from './results.ts'

/** One entry of `test/allowed-skips.json`. */
export interface AllowedSkip {
  readonly suite: string
  /** A test's name; left out, the whole suite and any test of it. */
  readonly test?: string
  /** The reason that the test gives; left out, any. */
  readonly reason?: string
  /** The name of a condition of `conditions.ts`: the skip is allowed where it holds, only. */
  readonly when: string
}

export type Conditions = Readonly<Record<string, boolean>>

/** Why a skip is not allowed, or undefined when it is. */
export function objection(
  skip: Skip,
  allowed: readonly AllowedSkip[],
  conditions: Conditions,
): string | undefined {
  const entries = allowed.filter(
    ({ suite, test, reason }) =>
      suite === skip.suite &&
      (test === undefined || test === skip.test) &&
      (reason === undefined || reason === skip.why),
  )
  if (entries.length === 0) return 'test/allowed-skips.json does not name it'
  if (entries.some(({ when }) => conditions[when] === true)) return undefined
  return `allowed only here: ${entries.map(({ when }) => when).join(', ')}`
}

/** Reads the list; a key or condition that nobody knows is an error. */
export function readAllowed(json: string, conditions: Conditions): readonly AllowedSkip[] {
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list)) throw new Error('allowed-skips.json: expected a list')
  return list.map((entry: Readonly<Record<string, unknown>>) => {
    const { suite, test, reason, when, ...rest } = entry
    const unknown = Object.keys(rest)
    if (unknown.length > 0) throw new Error(`allowed-skips.json: unknown key ${unknown.join(', ')}`)
    if (typeof suite !== 'string' || typeof when !== 'string') {
      throw new Error('allowed-skips.json: every entry has a suite and a when')
    }
    if (!(when in conditions)) throw new Error(`allowed-skips.json: unknown condition "${when}"`)
    return {
      suite,
      when,
      ...(typeof test === 'string' ? { test } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
    }
  })
}
