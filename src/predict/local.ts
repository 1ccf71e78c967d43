/**
 * A model on disk, loaded into this process and asked as a server asks it: the same way from the
 * file to the predictor, and from the body to the answer.
 */
import { randomUUID } from 'node:crypto'
import { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import type { ServerConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import { noEvents } from '../events.ts'
import { openVersion, sourceOf, wantedVersions } from '../lifecycle/index.ts'
import type { Log } from '../log.ts'
import type { FoundModel } from '../model-spec.ts'
import type { ServedModel } from '../models.ts'
import { askPlain, decodeBody, exampleBody } from '../protocols/plain/index.ts'
import { discover } from '../repository/index.ts'
import { OnnxRuntime } from '../runtime/onnx/index.ts'
import { Scheduler } from '../scheduler/index.ts'
import { type AskedModel, problemOf, WrongUsage } from './asked-model.ts'
import type { Question } from './question.ts'

export interface LocalOptions {
  readonly path: string
  /** Which one, where there are several. */
  readonly model: string | undefined
  readonly onnx: ServerConfig['onnx']
  readonly clock: Clock
  readonly log: Log
}

/** Fails with a ServingError where there is no such model or it does not load. */
export async function openLocal(options: LocalOptions): Promise<AskedModel> {
  const { clock } = options
  const { served, close } = await loadLocal(options)
  return {
    ask: (question) => ask(served, question, clock),
    example: () => Promise.resolve(exampleBody(served.signature)),
    labels() {
      const { task } = served.signature
      return Promise.resolve(task?.kind === 'classifier' ? task.labels : undefined)
    },
    close,
  }
}

/** A model that is loaded and that nobody but this process can ask. */
export interface LocalModel {
  readonly served: ServedModel
  close(): Promise<void>
}

/**
 * What stands behind `openLocal`, for who asks more than once: `executors` runs at once (1 where it is
 * left out), `maxWaiting` requests in the queue (1). Fails as `openLocal` does.
 */
export async function loadLocal(
  options: LocalOptions & { readonly executors?: number; readonly maxWaiting?: number },
): Promise<LocalModel> {
  return load(await choose(options), options)
}

async function choose({ path, model }: LocalOptions): Promise<FoundModel> {
  const found = await discover([path])
  const known = found.map(({ name }) => name)
  const [only] = found
  if (only === undefined) {
    throw fail('MODEL_UNREADABLE', {
      problem: `${path} holds no model: expected an .onnx file, or a folder with a model.onnx`,
    })
  }
  if (model === undefined && found.length > 1) {
    throw new WrongUsage(
      `${path} holds ${found.length} models, expected one`,
      `choose by --model: ${known.join(', ')}`,
    )
  }
  if (model === undefined) return only
  const chosen = found.find(({ name }) => name === model)
  if (chosen === undefined) throw fail('MODEL_NOT_FOUND', { model, known })
  return chosen
}

async function load(
  { name, spec }: FoundModel,
  { onnx, clock, log, executors = 1, maxWaiting = 1 }: Parameters<typeof loadLocal>[0],
): Promise<LocalModel> {
  if (spec instanceof ServingError) throw spec
  const { wanted } = wantedVersions(spec)
  const newest = wanted.at(-1)
  if (newest === undefined) {
    throw fail('MODEL_UNREADABLE', { problem: `"${name}" has no version to ask` })
  }
  const runtime = await OnnxRuntime.start({
    library: onnx.library,
    threadsPerRun: onnx.threads,
    executors,
  })
  try {
    const opened = await openVersion(spec, sourceOf(spec, newest), new AbortController().signal, {
      runtime,
      scheduler: new Scheduler({
        runtime,
        queue: { maxWaiting, maxWaitingBytes: Infinity },
        clock,
      }),
      autoComplete: true,
      clock,
      events: noEvents,
    })
    for (const warning of opened.warnings) log.warn('model warning', { warning })
    const close = async () => {
      await opened.close()
      await runtime.close()
    }
    return { served: opened.served, close }
  } catch (thrown) {
    await runtime.close()
    throw thrown
  }
}

async function ask(served: ServedModel, { contentType, bytes }: Question, clock: Clock) {
  const began = clock.now()
  const call = new Call({ requestId: randomUUID() })
  try {
    const plain = decodeBody(contentType, served, bytes)
    const { text } = await askPlain(served, plain, call, () => clock.now() - began)
    return { answer: text }
  } catch (thrown) {
    return { answer: undefined, problem: problemOf(ServingError.from(thrown)) }
  }
}
