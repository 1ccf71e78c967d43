/**
 * How close is the server to bare ONNX Runtime? One command; see README.md for method and results.
 *
 *     node benchmarks/run.ts [--workload W3,W2b,W1,start] [--rounds 10] [--quick] [--server SCRIPT]
 *
 * A run of everything in this checkout with ten rounds or more is a result of record: its JSON goes
 * to `results/` and its table into README.md. Any other goes to `results/local/`, which git ignores.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exitOnSignals } from './child.ts'
import { type Environment, environment, told } from './environment.ts'
import { keep } from './keep.ts'
import { sinceLastRecord } from './last-record.ts'
import { openOneClient } from './one-client.ts'
import { prepare } from './prepare.ts'
import { readStat } from './proc.ts'
import { progress } from './progress.ts'
import type { Question } from './question.ts'
import { type Pace, type Round, runRounds } from './rounds.ts'
import { openSaturation } from './saturation.ts'
import { openStart } from './start.ts'
import { table } from './table.ts'
import { openTabular } from './tabular.ts'
import { claims, exitCode, type Summary, summarize } from './verdict.ts'
import { workloads } from './workloads.ts'

interface Asked {
  readonly name: string
  readonly notes: Question['notes']
  readonly rounds: readonly Round[]
}

/** What the JSON file holds. */
interface Results {
  readonly environment: Environment
  readonly pace: Pace
  readonly questions: readonly Asked[]
  readonly summaries: readonly Summary[]
}

const ownScript = join(import.meta.dirname, '../bin/sluice.mjs')
const { values: flags } = parseArgs({
  options: {
    workload: { type: 'string', default: 'W3,W2b,W1,start' },
    rounds: { type: 'string', default: '10' },
    quick: { type: 'boolean', default: false },
    server: { type: 'string', default: ownScript },
  },
})
const script = resolve(flags.server)
const pace: Pace = flags.quick
  ? { rounds: 3, phaseSeconds: 1, calibratorSeconds: 0.5 }
  : { rounds: Number(flags.rounds), phaseSeconds: 4, calibratorSeconds: 1 }
const openers = {
  W3: [() => openOneClient(workloads.W3, script), () => openSaturation(workloads.W3, script)],
  W2b: [() => openSaturation(workloads.W2b, script)],
  W1: (['json', 'binary'] as const).flatMap((format) =>
    [1, 8, 32].map((connections) => () => openTabular(workloads.W1, script, format, connections)),
  ),
  start: [() => openStart(workloads.W1, script)],
}

exitOnSignals()

process.exitCode = await main()

async function main(): Promise<number> {
  const wanted = [...new Set(flags.workload.split(','))]
  const unknown = wanted.filter((name) => !(name in openers))
  if (unknown.length > 0 || !(pace.rounds >= 1)) {
    console.error(
      unknown.length > 0
        ? `--workload ${unknown}: unknown; there are ${Object.keys(openers).join(', ')}`
        : `--rounds ${flags.rounds}: expected a whole number from 1`,
    )
    return 2
  }
  prepare()
  const where = environment(script)
  const questions: Asked[] = []
  const summaries: Summary[] = []
  for (const open of wanted.flatMap((name) => openers[name as keyof typeof openers])) {
    const question = await open()
    try {
      const rounds = await runRounds(question, pace, readStat, progress(question.name))
      questions.push({ name: question.name, notes: question.notes, rounds })
      summaries.push(...question.metrics.map((m) => summarize(question.name, m, rounds)))
    } finally {
      await question.close()
    }
  }
  report({ environment: where, pace, questions, summaries }, wanted.length)
  return exitCode(summaries)
}

function report(results: Results, groups: number): void {
  const everything = groups === Object.keys(openers).length
  const ofRecord = everything && results.pace.rounds >= 10 && script === ownScript
  keep({ results, page: page(results), ofRecord, folder: 'results', marker: 'results' })
}

function page({ environment: e, pace: p, summaries }: Results): string {
  const verdicts = [...claims(summaries)]
  return [
    `${told(e)}; ${p.rounds} rounds, ${p.phaseSeconds} s a phase.`,
    table(summaries),
    verdicts.map(([claim, verdict]) => `- ${claim}: **${verdict}**`).join('\n'),
    sinceLastRecord('results', summaries),
  ].join('\n\n')
}
