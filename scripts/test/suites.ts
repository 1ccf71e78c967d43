/** The tiers, each including those before it: `npm test`, `.ci/run`, `npm run test:full`. */
export const tiers = ['test', 'ci', 'full'] as const
export type Tier = (typeof tiers)[number]

/** A part that a suite cannot run without; the runner provides it or says why not. */
export type Need = 'python' | 'chromium'

export interface Suite {
  readonly name: string
  readonly tier: Tier
  /** The suite and everything it started are killed after this many seconds. */
  readonly limitS: number
  /** A tool that passes with exit code 0, as arguments of Node. */
  readonly tool?: readonly string[]
  /** Files of node:test, as globs. */
  readonly files?: readonly string[]
  readonly needs?: Need
}

/** Run in this order: what fails soonest comes first. */
export const suites: readonly Suite[] = [
  {
    name: 'typecheck',
    tier: 'test',
    limitS: 120,
    tool: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  },
  {
    name: 'lint',
    tier: 'test',
    limitS: 60,
    tool: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  },
  {
    name: 'unit',
    tier: 'test',
    limitS: 480,
    files: ['src/**/*.test.ts', 'benchmarks/**/*.test.ts', 'scripts/**/*.test.ts'],
  },
  { name: 'e2e', tier: 'test', limitS: 900, files: ['test/e2e/*.test.ts'] },
  {
    name: 'python',
    tier: 'test',
    limitS: 180,
    files: ['test/python/*.test.ts'],
    needs: 'python',
  },
  { name: 'package', tier: 'test', limitS: 300, files: ['test/package/*.test.ts'] },
  {
    name: 'browser',
    tier: 'ci',
    limitS: 300,
    files: ['test/browser/*.test.ts'],
    needs: 'chromium',
  },
  { name: 'fuzz', tier: 'full', limitS: 900, files: ['test/full/fuzz.test.ts'] },
  { name: 'soak', tier: 'full', limitS: 900, files: ['test/full/*soak.test.ts'] },
]

export function reaches(tier: Tier, wanted: Tier): boolean {
  return tiers.indexOf(wanted) <= tiers.indexOf(tier)
}
