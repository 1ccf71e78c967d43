/** The target cannot be asked at all, or not as it was meant. */
export class TargetFailed extends Error {
  override readonly name = 'TargetFailed'
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}
