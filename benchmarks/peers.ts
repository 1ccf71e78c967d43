/**
 * How does the server stand beside others? One command; see README.md for method and results.
 *
 *     node benchmarks/peers.ts [--only tiny,cnn,encoder64] [--peers fastapi,triton | all]
 *                              [--rounds 10] [--quick] [--server SCRIPT]
 *
 * A run of everything beside all usual peers, in this checkout and with ten rounds or more, is a
 * result of record: its JSON goes to `results/peers/` and its tables into README.md. Any other goes
 * to `results/local/`.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exitOnSignals } from './child.ts'
import { type Environment, environment, told } from './environment.ts'
import { keep } from './keep.ts'
import { sinceLastRecord } from './last-record.ts'
import { type Contest, openContest } from './peers/contest.ts'
import { install, versionsOf } from './peers/install.ts'
import { type Peer, peers, usual } from './peers/known.ts'
import { type Setting, settings } from './peers/settings.ts'
import { standing } from './peers/standing.ts'
import { prepare } from './prepare.ts'
import { readStat } from './proc.ts'
import { progress } from './progress.ts'
import { type Pace, quickPace, type Round, runRounds } from './rounds.ts'
import { table } from './table.ts'
import { claims, exitCode, type Summary, summarize, unanswered } from './verdict.ts'

interface Asked {
  readonly setting: Setting
  readonly notes: Contest['notes']
  readonly leftOut: Readonly<Record<string, string>>
  readonly rounds: readonly Round[]
}

/** What the JSON file holds. */
interface Results {
  readonly environment: Environment
  readonly pace: Pace
  readonly versions: Readonly<Record<string, readonly string[]>>
  readonly absent: Readonly<Record<string, string>>
  readonly questions: readonly Asked[]
  readonly summaries: readonly Summary[]
}

const folder = 'results/peers'
const ownScript = join(import.meta.dirname, '../bin/sluice.mjs')
const groups = [...new Set(settings.map((setting) => setting.group))]
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: groups.join(',') },
    peers: { type: 'string', default: usual.join(',') },
    rounds: { type: 'string', default: '10' },
    quick: { type: 'boolean', default: false },
    server: { type: 'string', default: ownScript },
  },
})
const script = resolve(flags.server)
const pace: Pace = flags.quick
  ? quickPace
  : { rounds: Number(flags.rounds), phaseSeconds: 3, calibratorSeconds: 1 }

exitOnSignals()

process.exitCode = await main()

async function main(): Promise<number> {
  const wantedGroups = flags.only.split(',')
  const names = flags.peers === 'all' ? peers.map((peer) => peer.name) : flags.peers.split(',')
  const problem =
    unknown('--only', wantedGroups, groups) ??
    unknown('--peers', names, ['all', ...peers.map((peer) => peer.name)]) ??
    (pace.rounds >= 1 ? undefined : `--rounds ${flags.rounds}: expected a whole number from 1`)
  if (problem !== undefined) {
    console.error(problem)
    return 2
  }
  prepare()
  const { there, absent, versions } = await installed(names)
  const where = environment(script)
  const questions: Asked[] = []
  const summaries: Summary[] = []
  for (const setting of settings.filter(({ group }) => wantedGroups.includes(group))) {
    const contest = await openContest(setting, script, there)
    try {
      for (const [name, why] of contest.leftOut) console.error(`${setting.name}: ${name} ${why}`)
      const rounds = await runRounds(contest, pace, readStat, progress(setting.name))
      const leftOut = Object.fromEntries(contest.leftOut)
      questions.push({ setting, notes: contest.notes, leftOut, rounds })
      const { metrics } = contest
      summaries.push(...metrics.map((metric) => summarize(setting.name, metric, rounds)))
      summaries.push(...lacking(setting, names, new Set(metrics.map((metric) => metric.name))))
    } finally {
      await contest.close()
    }
  }
  const results = { environment: where, pace, versions, absent, questions, summaries }
  const everything = wantedGroups.length === groups.length && usual.every((n) => names.includes(n))
  const ofRecord = everything && pace.rounds >= 10 && script === ownScript
  keep({ results, page: page(results), ofRecord, folder, prefix: 'peers-', marker: 'peers' })
  return exitCode(summaries)
}

function unknown(flag: string, given: readonly string[], known: readonly string[]) {
  const others = given.filter((name) => !known.includes(name))
  return others.length > 0 ? `${flag} ${others}: unknown; there are ${known.join(', ')}` : undefined
}

async function installed(names: readonly string[]) {
  const there: Peer[] = []
  const absent: Record<string, string> = {}
  const versions: Record<string, readonly string[]> = {}
  for (const peer of peers.filter(({ name }) => names.includes(name))) {
    try {
      console.error(`${peer.name}: its environment`)
      await install(peer)
      versions[peer.name] = await versionsOf(peer)
      console.error(`${peer.name}: ${versions[peer.name]?.join(', ')}`)
      there.push(peer)
    } catch (cause) {
      absent[peer.name] = (cause as Error).message
      console.error(`${peer.name}: ${absent[peer.name]}`)
    }
  }
  return { there, absent, versions }
}

/** Bars against peers that were wanted and are not there: these stay open. */
function lacking(
  { name, bars }: Setting,
  wanted: readonly string[],
  answered: ReadonlySet<string>,
): readonly Summary[] {
  const all = [
    ...Object.entries(bars.rateOver ?? {}).map(([peer, bar]) => ({
      ...{ peer, bar, metric: `rate / ${peer}`, better: 'more' as const },
    })),
    ...Object.entries(bars.p99Over ?? {}).map(([peer, bar]) => ({
      ...{ peer, bar, metric: `p99 / ${peer}`, better: 'less' as const },
    })),
  ]
  return all
    .filter(({ peer, metric }) => wanted.includes(peer) && !answered.has(metric))
    .map(({ metric, better, bar }) => unanswered(name, { metric, better, bar }))
}

function page({
  environment: e,
  pace: p,
  versions,
  absent,
  questions,
  summaries,
}: Results): string {
  const known = Object.entries(versions).map(([name, list]) => `- ${name}: ${list.join(', ')}`)
  const not = Object.entries(absent).map(([name, why]) => `- ${name}: not there, ${why}`)
  const verdicts = [...claims(summaries)].map(([claim, verdict]) => `- ${claim}: **${verdict}**`)
  return [
    `${told(e)}; ${p.rounds} rounds, ${p.phaseSeconds} s a phase.`,
    [...known, ...not].join('\n'),
    table(summaries),
    verdicts.join('\n'),
    sinceLastRecord(folder, summaries),
    ...questions.flatMap(stand),
  ].join('\n\n')
}

function stand({ setting, rounds, leftOut, notes }: Asked): readonly string[] {
  const { startMs, memoryBytes } = notes
  const { yardstick } = setting
  const text = standing({ yardstick, rounds, leftOut, startMs, memoryBytes })
  const missing = Object.entries(leftOut).map(([name, why]) => `- ${name} ${why}`)
  return [`**${setting.name}**`, text || 'No round was kept.', missing.join('\n')].filter(Boolean)
}
