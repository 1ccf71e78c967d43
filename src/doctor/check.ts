/** One thing `sluice doctor` looked at. */
export interface Check {
  readonly name: string
  /** warn: something is worse than it could be; fail: models cannot be served. */
  readonly status: 'ok' | 'warn' | 'fail'
  readonly fact: string
  /** What to do about it, where something is to be done. */
  readonly mend?: string
}
