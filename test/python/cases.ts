/** Python scripts that drive a server case by case, and print a JSON object for each. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
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
