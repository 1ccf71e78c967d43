/** What a path was at the last look, to tell one that was emptied from one that is gone. */

export interface RootState {
  /** Of what is at the path. */
  readonly identity: string
  readonly hasModels: boolean
}

export interface SeenRoot extends RootState {
  /** Nothing at all lies there. */
  readonly empty: boolean
}

/**
 * Whether what was at the path is gone, although the path can be read. Where a disk was mounted, the
 * folder below it comes to light: another one, and empty.
 */
export const isUnmounted = (before: RootState | undefined, now: SeenRoot): boolean =>
  before?.hasModels === true && now.empty && now.identity !== before.identity
