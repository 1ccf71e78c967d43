/**
 * What does it cost that models come and go? One command; see README.md for method and results.
 *
 *     node benchmarks/repository.ts [--only swaps,loading,registered,cycles,lookup] [--quick]
 *
 * A run of everything is a result of record: its JSON goes to `results/repository/` and its table
 * into README.md. Any other goes to `results/local/`, which git ignores.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { exitOnSignals } from './child.ts'
import { environment, told } from './environment.ts'
import { keep } from './keep.ts'
import { prepare } from './prepare.ts'
import { measureCycles } from './repository/cycles.ts'
import { measureLoading } from './repository/loading.ts'
import { measureLookup } from './repository/lookup.ts'
import type { Part, Progress } from './repository/part.ts'
import { measureRegistered } from './repository/registered.ts'
import { measureSwaps } from './repository/swaps.ts'
import { table } from './table.ts'
import { claims, exitCode } from './verdict.ts'

const script = join(import.meta.dirname, '../bin/sluice.mjs')
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'swaps,loading,registered,cycles,lookup' },
    quick: { type: 'boolean', default: false },
  },
})
const full = {
  swaps: { rounds: 10, swapsPerRound: 10, quietSeconds: 8 },
  loading: { rounds: 14, loadsPerPhase: 1 },
  registered: { rounds: 4, restMs: 25_000 },
  cycles: { cycles: 100 },
}
const quick: typeof full = {
  swaps: { rounds: 2, swapsPerRound: 3, quietSeconds: 4 },
  loading: { rounds: 2, loadsPerPhase: 1 },
  registered: { rounds: 1, restMs: 2000 },
  cycles: { cycles: 12 },
}
const plan = flags.quick ? quick : full

const measures: Readonly<Record<string, () => Promise<readonly Part[]>>> = {
  swaps: async () => [await measureSwaps(script, plan.swaps, progress)],
  loading: async () => [await measureLoading(script, plan.loading, progress)],
  registered: async () => [await measureRegistered(script, plan.registered)],
  cycles: () => measureCycles(script, plan.cycles),
  lookup: async () => [measureLookup()],
}

exitOnSignals()

process.exitCode = await main()

async function main(): Promise<number> {
  const wanted = [...new Set(flags.only.split(','))]
  const unknown = wanted.filter((name) => !(name in measures))
  if (unknown.length > 0) {
    console.error(`--only ${unknown}: unknown; there are ${Object.keys(measures).join(', ')}`)
    return 2
  }
  prepare()
  const where = environment(script)
  const began = performance.now()
  const parts: Part[] = []
  for (const name of wanted) parts.push(...(await measures[name]!()))
  const summaries = parts.flatMap((part) => part.summaries)
  const minutes = (performance.now() - began) / 60_000
  const page = [
    `${told(where)}; ${minutes.toFixed(0)} minutes.`,
    table(summaries),
    [...claims(summaries)].map(([claim, verdict]) => `- ${claim}: **${verdict}**`).join('\n'),
  ].join('\n\n')
  const everything = wanted.length === Object.keys(measures).length
  const results: Results = { environment: where, plan, parts }
  const ofRecord = everything && !flags.quick
  const folder = 'results/repository'
  keep({ results, page, ofRecord, folder, prefix: 'repository-', marker: 'repository' })
  return exitCode(summaries)
}

/** What the JSON file holds. */
interface Results {
  readonly environment: ReturnType<typeof environment>
  readonly plan: typeof full
  readonly parts: readonly Part[]
}

/** Says on stderr how each round went. */
function progress(...[name, { samples, discarded }]: Parameters<Progress>): void {
  const shown = Object.entries(samples).map(
    ([phase, s]) =>
      `${phase} ${s.requests} p50 ${s.p50Ms.toFixed(1)} p99 ${s.p99Ms?.toFixed(1)} ms`,
  )
  const fate = discarded === null ? '' : `; discarded: ${discarded}`
  console.error(`${name}: ${shown.join(', ')}${fate}`)
}
