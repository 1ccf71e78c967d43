/** A phase of load, with the processor time it cost and how late event loops were meanwhile. */
import type { Child } from './child.ts'
import type { LoopProbe } from './loop.ts'
import { cpuSeconds } from './proc.ts'
import type { Sample } from './question.ts'

export interface Watched {
  /** Whose processor time counts. */
  readonly subject: Pick<Child, 'pid'>
  readonly driver?: Pick<Child, 'pid'>
  readonly loop?: { readonly probe: LoopProbe; readonly child: Child }
}

export async function sampled(
  { subject, driver, loop }: Watched,
  load: () => Promise<Sample>,
): Promise<Sample> {
  if (loop) await loop.probe.take(loop.child)
  const driverBefore = driver ? cpuSeconds(driver.pid) : 0
  const before = cpuSeconds(subject.pid)
  const sample = await load()
  const after = cpuSeconds(subject.pid)
  return {
    ...sample,
    cpuSeconds: after - before,
    ...(driver && { driverCpuSeconds: cpuSeconds(driver.pid) - driverBefore }),
    ...(loop && { loopP99Ms: await loop.probe.take(loop.child) }),
  }
}
