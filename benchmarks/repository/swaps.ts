/**
 * Is a request lost, answered wrongly or late while the version of a model changes?
 *
 * W3 at 70 % of what saturates the server, open loop, in a repository that is polled. A version is
 * put in place by a rename; once the log says that it is ready, the folder of the one before is
 * deleted. Every answer is held to the values of the version that it names, and to the times at
 * which the log says that versions became ready. Phases with swaps alternate with quiet ones.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { startFasterBare } from '../bare-side.ts'
import { readStat } from '../proc.ts'
import { rate } from '../question.ts'
import { runRounds } from '../rounds.ts'
import { sampled } from '../sampling.ts'
import { median } from '../statistics.ts'
import { summarize } from '../verdict.ts'
import { workloads } from '../workloads.ts'
import type { Answer } from './answers.ts'
import { Load, sampleOfAnswers, until } from './load.ts'
import { openMetrics } from './open-metrics.ts'
import { counted, type Part, type Progress } from './part.ts'
import { problemsOf, tally } from './swap-tally.ts'
import { Swapping, variants } from './swapping.ts'

export interface SwapsPlan {
  readonly rounds: number
  readonly swapsPerRound: number
  readonly quietSeconds: number
}

/** Of the rate that saturates the server. */
const share = 0.7
/** From one swap to the next. */
const periodMs = 2000
const workload = workloads.W3
const name = `W3 at ${share * 100} % load, versions swapped`

/** By phase, one for every round. */
interface Told {
  readonly quiet: (readonly Answer[])[]
  readonly swaps: (readonly Answer[])[]
}

export async function measureSwaps(
  script: string,
  { rounds, swapsPerRound, quietSeconds }: SwapsPlan,
  tell: Progress,
): Promise<Part> {
  const bare = await startFasterBare(workload, availableParallelism())
  const swapping = await Swapping.start(workload, script)
  const { server, probe } = swapping
  const load = await Load.start(workload, bare, variants)
  const saturated = await load.saturatedRate(server.url, 2)
  const perSecond = share * saturated

  const readyMs: number[] = []
  const told: Told = { quiet: [], swaps: [] }
  const watched = {
    subject: server.child,
    driver: load.child,
    loop: { probe, child: server.child },
  }
  const phase = (of: keyof Told, happens: () => Promise<void>) => ({
    name: of,
    run: () =>
      sampled(watched, async () => {
        const began = performance.now()
        const answers = await load.during(server.url, perSecond, happens)
        told[of].push(answers)
        return sampleOfAnswers(answers, (performance.now() - began) / 1000)
      }),
  })
  const swaps = async () => {
    for (let i = 0; i < swapsPerRound; i += 1) {
      const began = performance.now()
      readyMs.push(await swapping.swap())
      await until(began + periodMs)
    }
  }
  const done = await runRounds(
    {
      calibrate: async (seconds) => rate(await bare.run(seconds)),
      phases: [phase('quiet', () => wait(quietSeconds * 1000)), phase('swaps', swaps)],
    },
    { rounds, phaseSeconds: quietSeconds, calibratorSeconds: 1 },
    readStat,
    (round) => tell(name, round),
  )
  const { lives, swaps: count } = swapping
  await Promise.all([swapping.close(), bare.child.stop(), load.stop()])
  const all = done.map(({ discarded }, i) => ({
    ...{ quiet: told.quiet[i]!, swaps: told.swaps[i]! },
    kept: discarded === null,
  }))
  return {
    name,
    rounds: done,
    notes: {
      ...{ bare: bare.binding, bareRates: bare.rates, saturated, perSecond, lives },
      ...{ readyMs, problems: problemsOf(all, lives).slice(0, 100) },
    },
    summaries: [
      counted(name, { metric: 'swaps', value: count }),
      counted(name, { metric: 'from rename to ready, median', unit: 'ms', value: median(readyMs) }),
      ...tally(name, all, lives),
      ...openMetrics('quiet', 'swaps').map((metric) => summarize(name, metric, done)),
    ],
  }
}
