/** Bare ONNX Runtime: of its two bindings the one that is faster at this model, here and now. */
import { join } from 'node:path'
import { Child } from './child.ts'
import { rate, type Sample } from './question.ts'
import { median } from './statistics.ts'
import { inputsPath, modelPath, type Workload } from './workloads.ts'

export type Binding = 'python' | 'node'

export interface Bare {
  readonly child: Child
  readonly binding: Binding
  /** Runs a second of both bindings, the medians of three turns. */
  readonly rates: Readonly<Record<Binding, number>>
  answers(): Promise<readonly (readonly number[])[]>
  run(seconds: number): Promise<Sample>
}

export const python = join(import.meta.dirname, '.venv/bin/python')

/** Starts both with `threads` concurrent runs, keeps the faster one. */
export async function startFasterBare(workload: Workload, threads: number): Promise<Bare> {
  const both: Record<Binding, Child> = {
    python: new Child(python, [here('bare.py'), ...argumentsFor(workload)]),
    node: new Child(process.execPath, [
      here('bare.ts'),
      ...[...argumentsFor(workload), String(threads)],
    ]),
  }
  const run = (binding: Binding, seconds: number) => both[binding].ask<Sample>({ threads, seconds })

  const rates: Record<Binding, number[]> = { python: [], node: [] }
  await Promise.all([both.python.line(), both.node.line()])
  for (let turn = 0; turn < 3; turn += 1) {
    for (const binding of ['python', 'node'] as const) {
      await run(binding, 0.2)
      rates[binding].push(rate(await run(binding, 1)))
    }
  }
  const medians = { python: median(rates.python), node: median(rates.node) }
  const [binding, other] =
    medians.python >= medians.node ? (['python', 'node'] as const) : (['node', 'python'] as const)
  await both[other].stop()
  return {
    child: both[binding],
    binding,
    rates: medians,
    answers: () => both[binding].ask({ answers: true }),
    run: (seconds) => run(binding, seconds),
  }
}

/** What is right, where nothing is timed. */
export async function bareAnswers(workload: Workload): Promise<readonly (readonly number[])[]> {
  const bare = await startBatches(workload)
  const answers = await bare.answers()
  await bare.child.stop()
  return answers
}

export interface Batches {
  readonly child: Child
  answers(): Promise<readonly (readonly number[])[]>
  /** So many requests a run; what each run took is in `runMs` where it is asked for. */
  run(load: BatchLoad): Promise<Sample & { readonly runMs?: readonly number[] }>
}

export interface BatchLoad {
  readonly threads: number
  readonly seconds: number
  readonly rows?: number
  readonly times?: boolean
}

/** The Python binding, which was the faster one in every record, and can join requests. */
export async function startBatches(workload: Workload): Promise<Batches> {
  const child = new Child(python, [here('bare.py'), ...argumentsFor(workload)])
  await child.line()
  return {
    child,
    answers: () => child.ask({ answers: true }),
    run: (load) => child.ask(load),
  }
}

function argumentsFor(workload: Workload): readonly string[] {
  const dtype = { FP32: 'float32', INT64: 'int64' }[workload.datatype]
  return [
    ...[modelPath(workload), inputsPath(workload), workload.input, dtype],
    workload.shape.join(','),
  ]
}

const here = (file: string) => join(import.meta.dirname, file)
