/**
 * Where time goes in the server, as it counts it itself.
 * Source: Triton's statistics extension.
 */
export interface ServerSplit {
  /** Requests answered, as the server has it: those of other clients too. */
  readonly requests: number
  /** Means a request, in milliseconds. */
  readonly queueMs: number
  readonly inputMs: number
  readonly inferMs: number
  readonly outputMs: number
  /** Undefined where the target does not count runs. */
  readonly runs?: number
  /** How many runs had how many rows, where the server tells. */
  readonly batches?: readonly { readonly rows: number; readonly runs: number }[]
  readonly cacheHits?: number
}

/** Totals of one model, over its versions. */
export interface ServerCounts {
  readonly requests: number
  readonly queueNs: number
  readonly inputNs: number
  readonly inferNs: number
  readonly outputNs: number
  readonly runs: number
  readonly cacheHits: number
  readonly batches: ReadonlyMap<number, number>
}

/** Undefined where the server does not tell, or does not answer. */
export async function readCounts(read: () => Promise<unknown>): Promise<ServerCounts | undefined> {
  try {
    return countsOf(await read())
  } catch {
    return undefined
  }
}

export function countsOf(body: unknown): ServerCounts | undefined {
  const versions = (body as Body | undefined)?.model_stats
  if (!Array.isArray(versions) || versions.length === 0) return undefined
  const batches = new Map<number, number>()
  const total = {
    requests: 0,
    queueNs: 0,
    inputNs: 0,
    inferNs: 0,
    outputNs: 0,
    runs: 0,
    cacheHits: 0,
  }
  for (const { execution_count, inference_stats: stats = {}, batch_stats = [] } of versions) {
    total.requests += number(stats.success?.count)
    total.queueNs += number(stats.queue?.ns)
    total.inputNs += number(stats.compute_input?.ns)
    total.inferNs += number(stats.compute_infer?.ns)
    total.outputNs += number(stats.compute_output?.ns)
    total.runs += number(execution_count)
    total.cacheHits += number(stats.cache_hit?.count)
    for (const { batch_size, compute_infer } of batch_stats) {
      const rows = number(batch_size)
      batches.set(rows, (batches.get(rows) ?? 0) + number(compute_infer?.count))
    }
  }
  return { ...total, batches }
}

/** Undefined where nothing was answered in between, or one of the two is not known. */
export function splitBetween(
  before: ServerCounts | undefined,
  after: ServerCounts | undefined,
): ServerSplit | undefined {
  if (before === undefined || after === undefined) return undefined
  const requests = after.requests - before.requests
  if (requests <= 0) return undefined // also where the server began anew
  const mean = (what: 'queueNs' | 'inputNs' | 'inferNs' | 'outputNs') =>
    (after[what] - before[what]) / requests / 1e6
  const batches = [...after.batches]
    .map(([rows, runs]) => ({ rows, runs: runs - (before.batches.get(rows) ?? 0) }))
    .filter(({ runs }) => runs > 0)
    .sort((a, b) => a.rows - b.rows)
  return {
    requests,
    queueMs: mean('queueNs'),
    inputMs: mean('inputNs'),
    inferMs: mean('inferNs'),
    outputMs: mean('outputNs'),
    runs: after.runs - before.runs,
    batches,
    cacheHits: after.cacheHits - before.cacheHits,
  }
}

interface Duration {
  readonly count?: unknown
  readonly ns?: unknown
}

/** As far as it is read; 64-bit counts are strings in the JSON of some servers. */
interface Body {
  readonly model_stats?: readonly {
    readonly execution_count?: unknown
    readonly inference_stats?: Readonly<Record<string, Duration | undefined>>
    readonly batch_stats?: readonly {
      readonly batch_size?: unknown
      readonly compute_infer?: Duration
    }[]
  }[]
}

const number = (value: unknown): number => Number(value ?? 0) || 0
