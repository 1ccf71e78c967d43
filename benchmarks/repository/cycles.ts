/**
 * Does memory come back when a model is unloaded? A server without models loads one, answers one
 * request, unloads it, and so on; its resident memory is read after every unload, when the log has
 * said that the version is gone. A fresh server for each model.
 */
import { readFileSync } from 'node:fs'
import { median } from '../statistics.ts'
import { modelPath, workloads } from '../workloads.ts'
import { demand } from './ask.ts'
import { kindsOf } from './clients.ts'
import { Explicit } from './explicit.ts'
import { largeModel } from './onnx-models.ts'
import { counted, type Part } from './part.ts'
import { residentBytes } from './resident.ts'

export interface CyclesPlan {
  readonly cycles: number
}

/** At most this many times the memory after the first cycles. */
const bar = 1.1

interface Cycled {
  readonly label: string
  readonly model: string
  readonly bytes: Uint8Array
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export async function measureCycles(
  script: string,
  { cycles }: CyclesPlan,
): Promise<readonly Part[]> {
  const parts: Part[] = []
  for (const cycled of [encoder(), large()]) {
    const explicit = await Explicit.start({ [cycled.model]: cycled.bytes }, { script })
    const { url, child } = explicit.server
    const beforeBytes = residentBytes(child.pid)
    const loadedBytes: number[] = []
    const afterBytes: number[] = []
    const loadsMs: number[] = []
    for (let i = 0; i < cycles; i += 1) {
      loadsMs.push(await explicit.load(cycled.model))
      await demand(`${url}${cycled.path}`, explicit.agent, cycled.body, cycled.headers)
      loadedBytes.push(residentBytes(child.pid))
      await explicit.unload(cycled.model)
      afterBytes.push(residentBytes(child.pid))
    }
    await explicit.close()
    const name = `${cycles} cycles of ${cycled.label}`
    const notes = { beforeBytes, loadedBytes, afterBytes, loadsMs }
    parts.push({ name, notes, rounds: [], summaries: summariesOf(name, notes) })
  }
  return parts
}

interface Memory {
  readonly beforeBytes: number
  readonly afterBytes: readonly number[]
  readonly loadedBytes: readonly number[]
}

function summariesOf(name: string, { beforeBytes, afterBytes, loadedBytes }: Memory) {
  const [first] = afterBytes
  const last = median(afterBytes.slice(-5))
  const mib = (metric: string, bytes: number) =>
    counted(name, { metric, value: bytes / 2 ** 20, unit: 'MiB' })
  return [
    counted(name, { metric: 'last five / after the first', value: last / first!, bar }),
    counted(name, {
      metric: 'last five / first five',
      value: last / median(afterBytes.slice(0, 5)),
      bar,
    }),
    counted(name, {
      metric: 'last five / sixth to tenth',
      value: last / median(afterBytes.slice(5, 10)),
    }),
    mib('before the first', beforeBytes),
    mib('after the first', first!),
    mib('after the last five, median', last),
    mib('most after any', Math.max(...afterBytes)),
    mib('loaded, median', median(loadedBytes)),
  ]
}

function encoder(): Cycled {
  const workload = workloads.W3
  const [{ path, headers, bodies }] = kindsOf(workload) as [ReturnType<typeof kindsOf>[0]]
  const bytes = readFileSync(modelPath(workload))
  return { label: 'W3', model: workload.model, bytes, path, headers, body: bodies[0]! }
}

function large(): Cycled {
  const features = Array.from({ length: 2560 }, (_, i) => (i % 7) - 3)
  return {
    label: 'the 105 MB model',
    model: 'large',
    bytes: largeModel(),
    path: '/predict/large',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ features })),
  }
}
