/** What the questions about the scheduler have in common: models laid out, a server, drivers. */
import { constants, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Batches, startBatches } from '../bare-side.ts'
import { Child } from '../child.ts'
import { rate, type Sample } from '../question.ts'
import { type Sluice, startSluice } from '../server.ts'
import { median } from '../statistics.ts'
import { modelPath, type Workload } from '../workloads.ts'
import { type Load, sampleOfLoad } from './outcome.ts'

export const cores = availableParallelism()

/** The server does not do what the question is about; the message says in whose words. */
export class NotThere extends Error {}

export interface Laid {
  readonly workload: Workload
  /** What its `model.yaml` holds. */
  readonly yaml?: string
}

/** A server of these models, each in a folder of its own. Its end is theirs. */
export async function serve(
  script: string,
  models: readonly Laid[],
  onCores?: string,
): Promise<Sluice> {
  const root = mkdtempSync(join(tmpdir(), 'sluice-benchmark-'))
  const remove = () => rmSync(root, { recursive: true, force: true })
  process.once('exit', remove)
  for (const { workload, yaml } of models) {
    const folder = join(root, workload.model)
    mkdirSync(join(folder, '1'), { recursive: true })
    const model = join(folder, '1/model.onnx')
    copyFileSync(modelPath(workload), model, constants.COPYFILE_FICLONE)
    if (yaml !== undefined) writeFileSync(join(folder, 'model.yaml'), `${yaml}\n`)
  }
  const server = await startSluice(root, { script, ...(onCores && { cores: onCores }) })
  const stop = async () => {
    await server.stop()
    process.off('exit', remove)
    remove()
  }
  for (const { workload } of models) {
    const response = await fetch(`${server.url}/v2/models/${workload.model}/ready`)
    if (response.ok) continue
    const why = await response.text()
    await stop()
    throw new NotThere(`the model is not served: ${why.slice(0, 300)}`)
  }
  return { ...server, stop }
}

export class Driver {
  readonly child: Child
  #seed = 0

  private constructor(child: Child) {
    this.child = child
  }

  /** Whatever it asks it has the right answers. */
  static async start(workload: Workload, bare: Pick<Batches, 'answers'>): Promise<Driver> {
    const script = join(import.meta.dirname, 'driver.ts')
    const child = new Child(process.execPath, [script, workload.id], { prompt: true })
    child.tell({ expected: await bare.answers() })
    return new Driver(child)
  }

  closed(url: string, connections: number, seconds: number): Promise<Load> {
    return this.child.ask({ url, connections, seconds })
  }

  /** Every time the arrivals are others. */
  open(url: string, perSecond: number, seconds: number): Promise<Load> {
    this.#seed += 2
    return this.child.ask({ url, perSecond, seconds, seed: this.#seed })
  }

  /** What so many connections get answered a second, the median of three turns after a first. */
  async saturatedRate(url: string, connections: number, seconds: number): Promise<number> {
    const rates: number[] = []
    for (let turn = 0; turn < 4; turn += 1) {
      rates.push(rate(demanded(await this.closed(url, connections, seconds))))
    }
    return median(rates.slice(1))
  }

  stop(): Promise<void> {
    return this.child.stop()
  }
}

/** Of a load in which nothing may fail or be refused. */
export function demanded(load: Load): Sample {
  const sample = sampleOfLoad(load)
  const { failed, refused, asked } = sample.figures!
  if (failed! + refused! > 0) {
    const others = [...new Set(load.status)].filter((status) => status !== 200)
    throw new Error(`${failed! + refused!} of ${asked} requests got no answer: status ${others}`)
  }
  return sample
}

/** Bare ONNX Runtime, and its rate with a thread for each core. */
export async function startYardstick(workload: Workload) {
  const bare = await startBatches(workload)
  const run = (seconds: number, rows = 1) => bare.run({ threads: cores, seconds, rows })
  await run(1)
  return { bare, run }
}
