/** What has runs to start: the line of a model version, as the dispatcher sees it. */
export interface RunSource {
  /**
   * Starts the next run, and returns how long it will take, as far as is known, in milliseconds;
   * undefined where there is none that is to start now. `ahead`: the thread is expected to compute
   * others for so many milliseconds first; undefined where it is idle. `ended` is to be called once,
   * later, when the thread has done with it, with how long that took.
   */
  start(
    thread: number,
    ahead: number | undefined,
    ended: (tookMs: number) => void,
  ): number | undefined
  /** How long all that waits would run, one after the other, in milliseconds. */
  readonly backlogMs: number
}
