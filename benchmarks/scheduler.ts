/**
 * Does the scheduler find what the machine gives, and keep what it promises? One command; see
 * README.md for method and results.
 *
 *     node benchmarks/scheduler.ts [--only saturated,poisson,overload,neighbours,cached,in-process]
 *                                  [--rounds 10] [--quick] [--server SCRIPT]
 *
 * A run of everything in this checkout with ten rounds or more is a result of record: its JSON goes
 * to `results/scheduler/` and its table into README.md. Any other goes to `results/local/`.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exitOnSignals, mayBePrompt } from './child.ts'
import { type Environment, environment, told } from './environment.ts'
import { keep } from './keep.ts'
import { sinceLastRecord } from './last-record.ts'
import { prepare } from './prepare.ts'
import { readStat } from './proc.ts'
import { progress } from './progress.ts'
import type { Question } from './question.ts'
import type { Part } from './repository/part.ts'
import { type Pace, quickPace, runRounds } from './rounds.ts'
import { openCached } from './scheduler/cached.ts'
import { measureInProcess } from './scheduler/in-process.ts'
import { openNeighbours } from './scheduler/neighbours.ts'
import { openOverload } from './scheduler/overload.ts'
import { openPoisson } from './scheduler/poisson.ts'
import { openSaturated } from './scheduler/saturated.ts'
import { NotThere } from './scheduler/set-up.ts'
import { table } from './table.ts'
import { claims, exitCode, summarize } from './verdict.ts'
import { workloads } from './workloads.ts'

const folder = 'results/scheduler'
const ownScript = join(import.meta.dirname, '../bin/sluice.mjs')
const { W2b, W3, W3s, W3l, tiny } = workloads

type Measure = () => Promise<Part>

const measures: Readonly<Record<string, readonly Measure[]>> = {
  saturated: [
    asked(() => openSaturated(script, { workload: W2b, joinable: false, mostCpu: 1.15 })),
    ...[W3s, W3, W3l].map((workload) =>
      asked(() => openSaturated(script, { workload, joinable: true, mostCpu: 1.05 })),
    ),
  ],
  poisson: [asked(() => openPoisson(script, W3))],
  overload: [asked(() => openOverload(script, W3))],
  neighbours: [asked(() => openNeighbours(script, W3, W3s))],
  cached: [asked(() => openCached(script, tiny))],
  'in-process': [measureInProcess],
}
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(measures).join(',') },
    rounds: { type: 'string', default: '10' },
    quick: { type: 'boolean', default: false },
    server: { type: 'string', default: ownScript },
  },
})
const script = resolve(flags.server)
const pace: Pace = flags.quick
  ? quickPace
  : { rounds: Number(flags.rounds), phaseSeconds: 4, calibratorSeconds: 1 }

exitOnSignals()

process.exitCode = await main()

async function main(): Promise<number> {
  const wanted = [...new Set(flags.only.split(','))]
  const unknown = wanted.filter((name) => !(name in measures))
  if (unknown.length > 0 || !(pace.rounds >= 1)) {
    console.error(
      unknown.length > 0
        ? `--only ${unknown}: unknown; there are ${Object.keys(measures).join(', ')}`
        : `--rounds ${flags.rounds}: expected a whole number from 1`,
    )
    return 2
  }
  prepare()
  const where = environment(script)
  const parts: Part[] = []
  const notThere: Record<string, string> = {}
  for (const name of wanted) {
    for (const measure of measures[name]!) {
      try {
        parts.push(await measure())
      } catch (cause) {
        if (!(cause instanceof NotThere)) throw cause
        notThere[name] = cause.message
        console.error(`${name}: not there: ${cause.message}`)
      }
    }
  }
  const summaries = parts.flatMap((part) => part.summaries)
  const page = [
    `${told(where)}; ${pace.rounds} rounds, ${pace.phaseSeconds} s a phase; the driver runs ${mayBePrompt() ? 'before' : 'beside'} all others.`,
    table(summaries),
    [...claims(summaries)].map(([claim, verdict]) => `- ${claim}: **${verdict}**`).join('\n'),
    ...Object.entries(notThere).map(([name, why]) => `- ${name}: **not there**, ${why}`),
    sinceLastRecord(folder, summaries),
  ].join('\n\n')
  const everything = wanted.length === Object.keys(measures).length
  const ofRecord = everything && pace.rounds >= 10 && script === ownScript
  const results: Results = { environment: where, pace, notThere, parts }
  keep({ results, page, ofRecord, folder, prefix: 'scheduler-', marker: 'scheduler' })
  return Math.max(exitCode(summaries), Object.keys(notThere).length > 0 ? 1 : 0)
}

/** What the JSON file holds. */
interface Results {
  readonly environment: Environment
  readonly pace: Pace
  readonly notThere: Readonly<Record<string, string>>
  readonly parts: readonly Part[]
}

function asked(open: () => Promise<Question>): Measure {
  return async () => {
    const question = await open()
    const { name, notes, metrics } = question
    try {
      const rounds = await runRounds(question, pace, readStat, progress(name))
      const summaries = metrics.map((metric) => summarize(name, metric, rounds))
      return { name, notes, rounds, summaries }
    } finally {
      await question.close()
    }
  }
}
