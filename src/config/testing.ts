/** What is wrong with a configuration, for tests. */
import { strict as assert } from 'node:assert'
import { ConfigError, formatProblem } from './problem.ts'

/** Every problem that something is refused with. Fails where it is taken. */
export function problemsOf(load: () => unknown): string[] {
  try {
    load()
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError, String(thrown))
    return thrown.problems.map(formatProblem)
  }
  return assert.fail('nothing was refused')
}
