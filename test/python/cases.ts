/** Python scripts that drive a server case by case, and print a JSON object for each. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'

export interface Line {
  readonly case: string
  /** A traceback; null where the case went well. */
  readonly error: string | null
}

const python =
  process.env.SLUICE_TEST_PYTHON ?? join(import.meta.dirname, '../../.venv-test/bin/python')

/** `script` is the name of a file beside this one. */
export async function runCases(script: string, args: readonly string[]): Promise<readonly Line[]> {
  const words = [join(import.meta.dirname, script), ...args]
  const { stdout } = await promisify(execFile)(python, words)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

/** A test for each case, and one that none was left out. `lines` is asked when they have been run. */
export function testCases(cases: readonly string[], lines: () => readonly Line[]): void {
  it('in cases that are all listed here', () => {
    assert.deepEqual(
      lines().map((line) => line.case),
      cases,
    )
  })

  for (const name of cases) {
    it(name, () => {
      const line = lines().find((line) => line.case === name)
      assert.ok(line, 'it was not run')
      assert.equal(line.error, null, line.error ?? '')
    })
  }
}
