/** What a path was at the last look, to tell one that was emptied from one that is gone. */

export interface RootState {
  /** Of what is at the path. */
  readonly identity: string
  readonly hasModels: boolean
  readonly isFolder: boolean
}

export interface SeenRoot extends RootState {
  /** Nothing at all lies there. */
  readonly empty: boolean
}

/**
 * Why what was at the path counts as gone, although the path can be read; undefined where it does
 * not. Where a disk was mounted, the folder below it comes to light: another one, and empty.
 */
export function whyGone(before: RootState | undefined, now: SeenRoot): string | undefined {
  if (before?.hasModels !== true || now.identity === before.identity) return undefined
  if (now.empty) return 'it is empty, and was another folder before'
  return before.isFolder && !now.isFolder ? 'it is no folder, and was one before' : undefined
}
