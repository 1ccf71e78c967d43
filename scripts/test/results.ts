/** What `reporter.ts` writes. `group` marks a `describe`, which is no test itself. */
export type TestLine =
  | { readonly kind: 'output'; readonly file: string; readonly text: string }
  | { readonly kind: 'pass'; readonly name: string; readonly file: string; readonly group: boolean }
  | {
      readonly kind: 'skip'
      readonly name: string
      readonly file: string
      readonly group: boolean
      readonly why: string
    }
  | {
      readonly kind: 'fail'
      readonly name: string
      readonly file: string
      readonly group: boolean
      readonly error: string
    }

export interface Failure {
  readonly name: string
  readonly error: string
}

export interface Skip {
  readonly suite: string
  /** Undefined when the whole suite was left out. */
  readonly test?: string
  readonly why: string
}

export interface SuiteResult {
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
}

/** Reads the lines of a suite; `exitCode` is that of `node --test`, null when it was killed. */
export function readResult(
  suite: string,
  lines: readonly TestLine[],
  exitCode: number | null,
): SuiteResult {
  const failures: Failure[] = []
  const skips: Skip[] = []
  let passed = 0
  for (const line of lines) {
    if (line.kind === 'output') continue
    if (line.kind === 'skip') skips.push({ suite, test: line.name, why: line.why })
    else if (line.kind === 'fail') {
      if (!line.group) failures.push({ name: titleOf(line), error: errorOf(line, lines) })
    } else if (isFile(line)) failures.push({ name: line.name, error: 'the file has no test' })
    else if (!line.group) passed += 1
  }
  if (failures.length === 0 && exitCode !== 0) {
    failures.push({ name: suite, error: `node --test ended with ${exitCode ?? 'a signal'}` })
  }
  if (failures.length === 0 && passed === 0) {
    failures.push({ name: suite, error: 'no test ran' })
  }
  return { passed, failures, skips }
}

type FailLine = Extract<TestLine, { kind: 'fail' }>

/** node:test reports a file that could not run, or has no test, as a test with the file's name. */
function isFile(line: { readonly name: string; readonly file: string }): boolean {
  return line.file !== '' && line.file.endsWith(line.name)
}

function titleOf(line: FailLine): string {
  return isFile(line) ? line.name : `${line.file}: ${line.name}`
}

function errorOf(line: FailLine, lines: readonly TestLine[]): string {
  if (!isFile(line)) return line.error
  const output = lines
    .filter((other) => other.kind === 'output' && line.file.endsWith(other.file))
    .map((other) => (other.kind === 'output' ? other.text : ''))
  return `${line.error}\n${output.join('')}`
}
