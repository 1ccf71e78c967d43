/** What is wrong with a configuration: everything at once, each with its place and a way out. */
export interface Problem {
  /** The flag, the environment variable, or the file, line and key. */
  readonly where: string
  readonly message: string
  readonly hint?: string
}

/** Thrown for a configuration that cannot be used; a command that meets it ends with exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** `--grpc-port 8001: gRPC is not built yet; use off` */
export function formatProblem({ where, message, hint }: Problem): string {
  return `${where}: ${message}${hint === undefined ? '' : `; ${hint}`}`
}
