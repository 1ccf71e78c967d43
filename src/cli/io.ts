/** What a command prints to, and how it says that it failed. */
import { type ConfigError, formatProblem } from '../config/index.ts'

export interface CommandIo {
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
  readonly fail: (exitCode: number) => void
}

export const standardIo: CommandIo = {
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  fail(exitCode) {
    process.exitCode = exitCode
  },
}

/** A wrong configuration: every problem, and exit code 2. */
export function tellConfigError({ problems }: ConfigError, io: CommandIo): void {
  for (const problem of problems) io.complain(`${formatProblem(problem)}\n`)
  io.fail(2)
}
