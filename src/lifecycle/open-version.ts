/** From the files of a version to something that answers requests. */
import { hash } from 'node:crypto'
import type { InUse, ResponseCache } from '../cache/index.ts'
import { checked } from '../checked.ts'
import type { Clock } from '../clock.ts'
import { type Events, noEvents } from '../events.ts'
import type { LoadedFile, ModelSource } from '../model-source.ts'
import type { ModelSpec, VersionSpec } from '../model-spec.ts'
import type { ServedModel } from '../models.ts'
import type { Predictor } from '../predictor.ts'
import { completeVersion, verifyToldChecksums } from '../repository/index.ts'
import type { Executable, Runtime } from '../runtime/index.ts'
import {
  type Autoscaler,
  type Executors,
  executorsWarning,
  padded,
  type Scheduler,
} from '../scheduler/index.ts'
import { finishing, type Home, SequenceHomes } from '../sequences/index.ts'
import { observed, refusals } from '../telemetry/index.ts'
import {
  eachAlone,
  mostRuns,
  planOf,
  sequencesOver,
  underSequences,
  unheededBySequences,
} from './version-sequences.ts'

export interface OpenOptions {
  readonly runtime: Runtime
  readonly scheduler: Scheduler
  /** What decides how many executors there are; nothing does where left out. */
  readonly fleet?: Autoscaler | undefined
  /** Where answers are kept; nowhere, whatever models ask for, where left out. */
  readonly cache?: ResponseCache | undefined
  /** Whether config.pbtxt is completed from the model's file. */
  readonly autoComplete: boolean
  /** Where sequences are under way, of all models; nowhere else where left out. */
  readonly homes?: SequenceHomes
  readonly clock: Clock
  readonly events: Events
}

/** A version in memory that can be asked, and of which nobody knows yet. */
export interface OpenVersion {
  readonly served: ServedModel
  /** The same while it drains, for its sequences alone; left out where it has none. */
  readonly finishing?: ServedModel
  readonly executors: Executors
  /** What clients ask: the executors, and what stands before them. Its drain is theirs as well. */
  readonly inUse: InUse
  readonly executable: Executable
  /** The same model with nobody counting: what asks before it is served is no request. */
  readonly trial: Predictor
  /** What the operator should know although it can be asked. */
  readonly warnings: readonly string[]
  /** Resolves when what was asked is answered, or has stopped, and its memory is free. */
  close(): Promise<void>
}

/** Fails as `Runtime.load` does, or with MODEL_UNSUPPORTED where its configuration contradicts it. */
export async function openVersion(
  spec: ModelSpec,
  source: ModelSource,
  giveUp: AbortSignal,
  options: OpenOptions,
): Promise<OpenVersion> {
  await verifyToldChecksums(spec, giveUp)
  const executable = await options.runtime.load(source, giveUp)
  try {
    return await assemble(spec, source, executable, options)
  } catch (thrown) {
    await executable.dispose()
    throw thrown
  }
}

/** A version as a runtime is told of it. Fails with the reason where there is nothing to load. */
export function sourceOf(spec: ModelSpec, { version, path }: VersionSpec): ModelSource {
  if (typeof path !== 'string') throw path
  const { name, folder, config, lock } = spec
  return { name, version, folder, path, config, ...(lock !== undefined && { lock }) }
}

async function assemble(
  spec: ModelSpec,
  { name, version }: ModelSource,
  executable: Executable,
  options: OpenOptions,
): Promise<OpenVersion> {
  const { scheduler, fleet, cache, autoComplete, clock, events } = options
  const { homes = new SequenceHomes() } = options
  const { config, triton } = spec
  const { platform, provider, files } = executable
  const plan = await planOf(spec, executable.signature)
  const completed = await completeVersion({
    name,
    version,
    platform,
    signature: plan?.visible ?? executable.signature,
    config,
    triton,
    autoComplete,
  })
  const about = {
    model: name,
    version,
    executable,
    signature: plan === undefined ? completed.inner : executable.signature,
    config: plan === undefined ? config : underSequences(config),
  }
  const atLeast = plan === undefined ? 0 : mostRuns(config)
  const executors = scheduler.executors({ ...about, events }, atLeast)
  const digest = digestOf(files)
  const inSequence = (inner: Executors, toldTo: Events) =>
    plan &&
    sequencesOver(inner, {
      ...{ model: name, version, config, plan, signature: completed.inner },
      ...{ queue: scheduler.queue, clock, events: toldTo },
    })
  const ofSequences = inSequence(executors, events)
  const inUse = ofSequences ?? cache?.cached(executors, { ...about, digest, provider }) ?? executors
  const paddings = typeof config.batching === 'object' ? config.batching.padding : {}
  const filledUp = (inner: Predictor) => padded(inner, paddings)
  const observation = { model: name, version, events, clock }
  const predictor = observed(checked(name, completed.adapt(filledUp(inUse))), observation)
  const home: Home = { model: name, predictor, sequences: ofSequences?.sequences }
  const served: ServedModel = {
    name,
    version,
    platform,
    provider,
    signature: completed.signature,
    predictor: homes.handing(home),
    digest,
    files,
    memoryBytes: executable.memoryBytes,
    joining: () => executors.joining,
    configuration: completed.configuration,
    refused: refusals(observation),
  }
  const trialExecutors = scheduler.trialExecutors(
    { ...about, events: noEvents },
    Math.max(1, atLeast),
  )
  const tried = inSequence(trialExecutors, noEvents) ?? trialExecutors
  const trial = checked(name, completed.adapt(filledUp(tried)))
  const leaveHomes = homes.enter(home)
  const leaveFleet = fleet?.add({ model: name, version, config, scalable: executors })
  const tooMany = executorsWarning(config.executors, scheduler.dispatcher.threads)
  return {
    served,
    ...(ofSequences !== undefined && { finishing: { ...served, predictor: finishing(home) } }),
    executors,
    inUse,
    executable,
    trial: plan === undefined ? trial : eachAlone(trial, plan),
    warnings: [
      ...executable.warnings,
      ...completed.warnings,
      ...(tooMany === undefined ? [] : [tooMany]),
      ...(plan === undefined ? [] : unheededBySequences(config)),
    ],
    close: async () => {
      leaveHomes()
      leaveFleet?.()
      // a run that nobody waits for any more may still be under way
      await Promise.all([inUse.drain(), tried.drain()])
      await executable.dispose()
    },
  }
}

/** One for all files, whatever the order they were read in: SHA-256 of the lines of `sha256sum`. */
function digestOf(files: readonly LoadedFile[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort()
  return hash('sha256', lines.join(''))
}
