/**
 * Do requests to one model wait longer while another, large one is loaded?
 *
 * W3s at 20 % of what saturates the server, open loop; every five seconds a model of 105 MB is
 * unloaded and loaded anew. In a third phase nothing is loaded, and a process beside the server
 * keeps one core busy for as long as a load takes, just as often: what a load costs by taking
 * processor time from everybody else, whoever does it.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startFasterBare } from '../bare-side.ts'
import { Child } from '../child.ts'
import { LoopProbe } from '../loop.ts'
import { readStat } from '../proc.ts'
import { rate } from '../question.ts'
import { runRounds } from '../rounds.ts'
import { sampled } from '../sampling.ts'
import { median } from '../statistics.ts'
import { summarize } from '../verdict.ts'
import { modelPath, workloads } from '../workloads.ts'
import type { Answer } from './answers.ts'
import { Explicit } from './explicit.ts'
import { Load, sampleOfAnswers, until } from './load.ts'
import { largeModel } from './onnx-models.ts'
import { openMetrics } from './open-metrics.ts'
import { counted, type Part, type Progress } from './part.ts'

export interface LoadingPlan {
  readonly rounds: number
  readonly loadsPerPhase: number
}

/** Of the rate that saturates the server. */
const share = 0.2
/** From one load to the next. */
const periodMs = 5000
/** At most this many times the p99 of the quiet phase. */
const bar = 1.1
const workload = workloads.W3s
const name = `W3s at ${share * 100} % load, 105 MB loaded beside it`

export async function measureLoading(
  script: string,
  { rounds, loadsPerPhase }: LoadingPlan,
  tell: Progress,
): Promise<Part> {
  const bare = await startFasterBare(workload, availableParallelism())
  const probe = new LoopProbe()
  const models = { [workload.model]: readFileSync(modelPath(workload)), large: largeModel() }
  const explicit = await Explicit.start(models, {
    ...{ script, nodeArgs: probe.args, env: probe.env },
    loaded: Object.keys(models),
  })
  const { server } = explicit
  const neighbour = new Child(process.execPath, [join(import.meta.dirname, 'neighbour.ts')])
  const load = await Load.start(workload, bare)
  const saturated = await load.saturatedRate(server.url, 2)
  const perSecond = share * saturated

  const reload = async () => {
    await explicit.unload('large')
    return explicit.load('large')
  }
  const loadsMs = [await reload()]
  const everyPeriod = (happens: () => Promise<unknown>) => async () => {
    for (let i = 0; i < loadsPerPhase; i += 1) {
      const began = performance.now()
      await wait(periodMs / 5)
      await happens()
      await until(began + periodMs)
    }
  }
  const told: Answer[] = []
  const watched = {
    subject: server.child,
    driver: load.child,
    loop: { probe, child: server.child },
  }
  const phase = (of: string, happens: () => Promise<unknown>) => ({
    name: of,
    run: () =>
      sampled(watched, async () => {
        const began = performance.now()
        const answers = await load.during(server.url, perSecond, everyPeriod(happens))
        told.push(...answers)
        return sampleOfAnswers(answers, (performance.now() - began) / 1000)
      }),
  })
  const done = await runRounds(
    {
      calibrate: async (seconds) => rate(await bare.run(seconds)),
      phases: [
        phase('quiet', async () => {}),
        phase('loads', async () => loadsMs.push(await reload())),
        phase('neighbour', () => neighbour.ask(median(loadsMs))),
      ],
    },
    { rounds, phaseSeconds: (loadsPerPhase * periodMs) / 1000, calibratorSeconds: 1 },
    readStat,
    (round) => tell(name, round),
  )
  const stops = [explicit.close(), bare.child.stop(), load.stop(), neighbour.stop()]
  await Promise.all(stops)
  probe.close()
  const problems = told
    .map(({ failed, wrong }) => failed ?? wrong)
    .filter((one) => one !== undefined)
  return {
    name,
    rounds: done,
    notes: {
      ...{ bare: bare.binding, bareRates: bare.rates, saturated, perSecond, loadsMs },
      problems: problems.slice(0, 100),
    },
    summaries: [
      counted(name, { metric: 'requests', value: told.length }),
      counted(name, { metric: 'failed or wrong', value: problems.length, bar: 0 }),
      ...openMetrics('quiet', 'loads', bar).map((metric) => summarize(name, metric, done)),
      summarize(name, openMetrics('quiet', 'neighbour')[0]!, done),
      summarize(name, openMetrics('neighbour', 'loads')[0]!, done),
      counted(name, { metric: 'a load, median', value: median(loadsMs), unit: 'ms' }),
    ],
  }
}
