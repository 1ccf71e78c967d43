/**
 * The test run: provides what the suites need, runs them one after another, and closes with the
 * line `N passed, N failed, N skipped`.
 *
 * A skip that `test/allowed-skips.json` does not allow counts as failed, and so do a suite or a
 * file without a test, a suite past its limit and a process left behind.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AllowedSkip, type Conditions, objection, readAllowed } from './allowed.ts'
import { type CommandEnd, Commands } from './command.ts'
import { conditionsOf, lookAround } from './machine.ts'
import { type Provided, provideChromium, providePython, provideRedis } from './provide.ts'
import { type Failure, readResult, type SuiteResult, type TestLine } from './results.ts'
import { type Need, reaches, type Suite, suites, type Tier } from './suites.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const reporter = fileURLToPath(new URL('./reporter.ts', import.meta.url))
// A folder of its own, so that two runs in one clone do not mix.
const scratch = join(root, '.test', String(process.pid))

type Provisions = Readonly<Partial<Record<Need, Provided>>>

/** Returns the exit code: 0 passed, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => arg !== '--full')
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    const known = suites.map(({ name }) => name).join(', ')
    process.stderr.write(`no suite named ${unknown.join(', ')}; there are ${known}\n`)
    return 2
  }
  const mayInstall = process.env.SLUICE_TEST_INSTALL === 'ci'
  const tier: Tier = args.includes('--full') ? 'full' : mayInstall ? 'ci' : 'test'
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name))
  const runs = (suite: Suite) => names.length > 0 || reaches(tier, suite.tier)

  // a server that a test starts never writes to the folder of whoever runs it
  const env = { ...process.env, SLUICE_TEST_TIER: tier, SLUICE_STATE_DIR: 'off' }
  const commands = new Commands(root, env)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      commands.kill()
      process.exit(130)
    })
  }
  const provided = await provide(chosen.filter(runs), mayInstall, commands)
  if (isThere(provided.python)) Object.assign(env, { SLUICE_TEST_PYTHON: provided.python.path })
  if (isThere(provided.chromium)) {
    Object.assign(env, { SLUICE_TEST_CHROMIUM: provided.chromium.path })
  }

  const conditions = conditionsOf(lookAround(), tier, isThere(provided.python))
  const allowed = readAllowed(
    readFileSync(join(root, 'test/allowed-skips.json'), 'utf8'),
    conditions,
  )
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const suite of chosen) {
    const started = performance.now()
    const result = runs(suite)
      ? await runSuite(suite, provided, commands)
      : leftOut(suite.name, `runs with ${commandOf(suite.tier)}`)
    const { failures, skips } = judge(result, allowed, conditions)
    total.passed += result.passed
    total.failed += failures.length
    total.skipped += skips.length
    print(suite, (performance.now() - started) / 1000, result.passed, failures, skips)
  }
  rmSync(scratch, { recursive: true, force: true })
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`,
  )
  return total.failed === 0 ? 0 : 1
}

async function provide(
  chosen: readonly Suite[],
  mayInstall: boolean,
  commands: Commands,
): Promise<Provisions> {
  const machine = lookAround()
  const needs = new Set(chosen.map((suite) => suite.needs))
  const provided: Partial<Record<Need, Provided>> = {}
  if (needs.has('python')) {
    provided.python = await providePython(root, machine, mayInstall, commands)
  }
  if (chosen.some(({ name }) => name === 'unit' || name === 'e2e')) {
    const problem = await provideRedis(machine, mayInstall, commands)
    if (problem !== undefined) process.stderr.write(`redis-server: ${problem}\n`)
  }
  if (needs.has('chromium') || machine.chromium !== undefined) {
    provided.chromium = await provideChromium(machine, mayInstall, commands)
  }
  return provided
}

async function runSuite(
  suite: Suite,
  provided: Provisions,
  commands: Commands,
): Promise<SuiteResult> {
  const { name, needs } = suite
  const part = needs === undefined ? undefined : provided[needs]
  if (part !== undefined && 'missing' in part) return leftOut(name, part.missing)
  if (part !== undefined && 'broken' in part) {
    return failed({ name: `${name}: preparing ${needs}`, error: part.broken })
  }
  return suite.files === undefined
    ? runTool(suite, suite.tool ?? [], commands)
    : runFiles(suite, suite.files, commands)
}

async function runTool(
  suite: Suite,
  tool: readonly string[],
  commands: Commands,
): Promise<SuiteResult> {
  const end = await commands.run(process.execPath, tool, suite.limitS * 1000)
  const failure = failureOf(suite, end)
  if (failure !== undefined) return failed(failure)
  if (end.exitCode !== 0) return failed({ name: suite.name, error: end.output })
  return { passed: 1, failures: [], skips: [] }
}

async function runFiles(
  suite: Suite,
  globs: readonly string[],
  commands: Commands,
): Promise<SuiteResult> {
  const files = globSync(globs, { cwd: root }).sort()
  if (files.length === 0) {
    return failed({ name: suite.name, error: `no test file matches ${globs.join(', ')}` })
  }
  mkdirSync(scratch, { recursive: true })
  const report = join(scratch, `${suite.name}.jsonl`)
  const end = await commands.run(
    process.execPath,
    ['--test', `--test-reporter=${reporter}`, `--test-reporter-destination=${report}`, ...files],
    suite.limitS * 1000,
  )
  const result = readResult(suite.name, readLines(report), end.exitCode)
  const failure = failureOf(suite, end)
  if (failure === undefined) return result
  return { ...result, failures: [...result.failures, failure] }
}

/** What the runner itself holds against a suite, whatever its tests said. */
function failureOf({ name, limitS }: Suite, end: CommandEnd): Failure | undefined {
  if (end.passedLimit) {
    return { name, error: `killed after its limit of ${limitS} s\n${end.output}` }
  }
  if (end.leftProcesses) return { name, error: 'left processes running; they were killed' }
  return undefined
}

function readLines(report: string): readonly TestLine[] {
  if (!existsSync(report)) return []
  // The last line is cut short when the suite was killed.
  const lines = readFileSync(report, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as TestLine)
}

function judge(
  { failures, skips }: SuiteResult,
  allowed: readonly AllowedSkip[],
  conditions: Conditions,
): Pick<SuiteResult, 'failures' | 'skips'> {
  const judged = skips.map((skip) => ({ skip, why: objection(skip, allowed, conditions) }))
  return {
    skips: judged.filter(({ why }) => why === undefined).map(({ skip }) => skip),
    failures: [
      ...failures,
      ...judged.flatMap(({ skip, why }) =>
        why === undefined
          ? []
          : [{ name: skip.test ?? skip.suite, error: `skipped (${skip.why}): ${why}` }],
      ),
    ],
  }
}

function print(
  { name, limitS }: Suite,
  seconds: number,
  passed: number,
  failures: readonly Failure[],
  skips: SuiteResult['skips'],
): void {
  const counts = `${passed} passed, ${failures.length} failed, ${skips.length} skipped`
  process.stdout.write(
    `${failures.length === 0 ? '✔' : '✖'} ${name.padEnd(10)} ${counts}, ${seconds.toFixed(1)} s of ${limitS} s\n`,
  )
  for (const skip of skips) {
    process.stdout.write(`    skipped ${skip.test ?? 'the suite'}: ${skip.why}\n`)
  }
  for (const failure of failures) {
    process.stdout.write(`    failed ${failure.name}\n`)
    process.stdout.write(failure.error.trimEnd().replace(/^/gm, '        '))
    process.stdout.write('\n')
  }
}

function commandOf(tier: Tier): string {
  return { test: 'npm test', ci: '.ci/run or npm run test:full', full: 'npm run test:full' }[tier]
}

function leftOut(suite: string, why: string): SuiteResult {
  return { passed: 0, failures: [], skips: [{ suite, why }] }
}

function failed(failure: Failure): SuiteResult {
  return { passed: 0, failures: [failure], skips: [] }
}

function isThere(part: Provided | undefined): part is { readonly path: string } {
  return part !== undefined && 'path' in part
}
