/** What the command line asks for, held together and made whole. */
import { WrongUsage } from '../predict/index.ts'
import type { Shape } from '../tensor/index.ts'
import type { PatternName } from './arrivals/pattern.ts'
import { parseTrace } from './arrivals/trace.ts'
import type { ClosedLoad, Load, OpenLoad } from './load/load.ts'
import { type Scenario, scenarioRules, usualServerBoundMs } from './scenario.ts'
import { type Address, addressOf } from './target/address.ts'
import type { Protocol } from './target/driver.ts'
import type { Slo } from './verdict.ts'

/** As given; what is left out is undefined. */
export interface Asked {
  readonly target: string
  readonly model?: string | undefined
  readonly modelVersion?: string | undefined
  readonly protocol?: Protocol | undefined
  readonly headers?: readonly (readonly [string, string])[] | undefined
  readonly rate?: number | undefined
  readonly arrivals?: string | undefined
  readonly concurrency?: number | undefined
  readonly findRate?: boolean | undefined
  readonly scenario?: Scenario | undefined
  readonly sloMs?: number | undefined
  /** 99 for the 99th. */
  readonly percentile?: number | undefined
  readonly durationMs?: number | undefined
  readonly requests?: number | undefined
  readonly warmUpMs?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly maxInFlight?: number | undefined
  readonly rows?: number | undefined
  readonly shapes?: ReadonlyMap<string, Shape> | undefined
  readonly data?: string | undefined
  readonly check?: boolean | undefined
  readonly tolerance?: number | undefined
  readonly seed?: number | undefined
}

export interface Plan {
  readonly address: Address
  readonly protocol: Protocol | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly rows: number
  readonly shapes: ReadonlyMap<string, Shape>
  readonly seed: number
  readonly data: string | undefined
  readonly check: { readonly tolerance: number } | undefined
  /** Of a search, that of its trials. */
  readonly load: Load
  readonly scenario: Scenario | undefined
  readonly slo: Slo | undefined
  readonly percentile: number
  /** Where to begin; undefined where that is to be found out. */
  readonly search: { readonly start: number | undefined } | undefined
}

/** `readText` gives a file's text, and fails with WrongUsage. Fails with WrongUsage itself. */
export function planOf(asked: Asked, readText: (path: string) => string): Plan {
  refuseContradictions(asked)
  const { scenario, seed = 1, check = false, tolerance = 1e-4 } = asked
  const rules = scenario === undefined ? undefined : scenarioRules[scenario]
  const percentile =
    asked.percentile === undefined ? (rules?.percentile ?? 0.99) : asked.percentile / 100
  const sloMs = asked.sloMs ?? (scenario === 'server' ? usualServerBoundMs : undefined)
  return {
    address: addressOf(asked.target, asked.model, asked.modelVersion),
    protocol: asked.protocol,
    headers: asked.headers ?? [],
    rows: asked.rows ?? 1,
    shapes: asked.shapes ?? new Map(),
    seed,
    data: asked.data === undefined ? undefined : readText(asked.data),
    check: check ? { tolerance } : undefined,
    load: loadOf(asked, readText),
    scenario,
    slo: sloMs === undefined ? undefined : { ms: sloMs, percentile },
    percentile,
    search: asked.findRate === true ? { start: asked.rate } : undefined,
  }
}

function loadOf(asked: Asked, readText: (path: string) => string): Load {
  const { scenario, rate, arrivals, findRate = false, maxInFlight = 512, requests } = asked
  const bounds = {
    warmUpMs: asked.warmUpMs ?? 1000,
    requests: requests ?? Infinity,
    timeoutMs: asked.timeoutMs ?? 10_000,
    seed: asked.seed ?? 1,
  }
  const usualMs = findRate ? 5000 : 10_000
  const isOpen = findRate || rate !== undefined || arrivals !== undefined
  if (isOpen) {
    const pattern = arrivalsOf(arrivals ?? 'poisson', readText)
    const ends = requests !== undefined && (pattern === 'poisson' || pattern === 'constant')
    const isTrace = typeof pattern !== 'string'
    const durationMs = asked.durationMs ?? (ends || isTrace ? Infinity : usualMs)
    const load: OpenLoad = {
      ...bounds,
      kind: 'open',
      arrivals: pattern,
      rate,
      maxInFlight,
      durationMs,
    }
    return load
  }
  const load: ClosedLoad = {
    ...bounds,
    kind: 'closed',
    clients: asked.concurrency ?? (scenario === 'offline' ? 32 : 1),
    perQuery: scenario === undefined ? 1 : scenarioRules[scenario].perQuery,
    durationMs: asked.durationMs ?? (requests === undefined ? usualMs : Infinity),
  }
  return load
}

function arrivalsOf(text: string, readText: (path: string) => string): OpenLoad['arrivals'] {
  const file = /^trace:(.+)$/s.exec(text)?.[1]
  if (file !== undefined) return { file, moments: parseTrace(readText(file)) }
  if (isPattern(text)) return text
  throw new WrongUsage(
    `--arrivals ${text} is not known`,
    'expected poisson, constant, burst, ramp, or trace:FILE',
  )
}

const isPattern = (text: string): text is PatternName =>
  ['poisson', 'constant', 'burst', 'ramp'].includes(text)

function refuseContradictions(asked: Asked): void {
  const { rate, arrivals, concurrency, findRate, scenario, sloMs, requests, durationMs } = asked
  const isTrace = arrivals?.startsWith('trace:') === true
  const open = rate !== undefined ? '--rate' : arrivals !== undefined ? '--arrivals' : undefined
  const isStream = scenario === 'single-stream' || scenario === 'multi-stream'
  const refusals: readonly (readonly [boolean | undefined, string, string?])[] = [
    [
      concurrency !== undefined && open !== undefined,
      `--concurrency and ${open} are two kinds of load`,
      '--rate sends at a rate whatever comes back, --concurrency as the answers come',
    ],
    [
      concurrency !== undefined && findRate,
      '--find-rate sends at rates that it chooses: leave --concurrency out',
    ],
    [
      arrivals !== undefined && rate === undefined && !isTrace && !findRate,
      `--arrivals ${arrivals} needs a rate`,
      'say how many a second by --rate',
    ],
    [findRate && arrivals !== undefined && arrivals !== 'poisson', '--find-rate is for poisson'],
    [
      findRate && sloMs === undefined && scenario !== 'server',
      '--find-rate needs to know what must hold',
      'say the bound by --slo-ms, and the share by --percentile',
    ],
    [findRate && requests !== undefined, '--find-rate goes by --duration: leave --requests out'],
    [
      scenario === 'server' && rate === undefined && !findRate,
      '--scenario server needs a rate',
      'give one by --rate, or look for the highest by --find-rate',
    ],
    [scenario === 'server' && concurrency !== undefined, '--scenario server has no --concurrency'],
    [
      scenario !== undefined && scenario !== 'server' && (open !== undefined || findRate),
      `--scenario ${scenario} sends as the answers come: leave ${open ?? '--find-rate'} out`,
    ],
    [isStream && concurrency !== undefined, `--scenario ${scenario} has one client`],
    [
      scenario === 'server' && arrivals !== undefined && arrivals !== 'poisson',
      '--scenario server is for poisson',
    ],
    [
      rate !== undefined && (rate * (durationMs ?? 10_000)) / 1000 > mostArrivals,
      `a schedule of more than ${mostArrivals} requests is too long`,
    ],
  ]
  const refusal = refusals.find(([applies]) => applies === true)
  if (refusal !== undefined) throw new WrongUsage(refusal[1], refusal[2])
}

const mostArrivals = 50_000_000
