/**
 * Decides whether requests for a version share runs, before it takes any. What was found out of these
 * very files before holds; else they are tried.
 */
import { hash } from 'node:crypto'
import type { InferenceRequest } from '../predictor.ts'
import { type Joining, joiningOf } from '../scheduler/index.ts'
import type { Learned, LearnedFacts } from '../state/index.ts'
import { binaryOf } from '../tensor/index.ts'
import type { OpenVersion } from './open-version.ts'
import { VersionTrial, type VersionTrialOptions } from './version-trial.ts'

export interface SettleOptions extends Omit<VersionTrialOptions, 'predictor'> {
  /** Where it is remembered, if anywhere. */
  readonly learned?: Learned | undefined
}

/** Writes what is known of it a last time, and no more from then on. */
export type StopKeeping = () => Promise<void>

/** Fails only with why the call ended. */
export async function settleJoining(
  version: OpenVersion,
  options: SettleOptions,
): Promise<StopKeeping> {
  const { executors, served } = version
  const { config, learned, call } = options
  const joining = joiningOf(served.signature, config, version.executable.rowsDepend)
  if (joining.kind === 'declared') executors.joinable()
  else if (joining.kind === 'off') executors.apart(joining.why)
  if (served.signature.streams === true || config.warmUp.runs === 0) return async () => {}

  const about = namesOf(version, options)
  const recalled = await learned?.recall(about)
  const trial = new VersionTrial({ ...options, predictor: version.trial })
  const apart = await joinOrNot(version, joining, trial, recalled)
  if (recalled !== undefined && recalled.shapes.length > 0) executors.recall(recalled.shapes)
  else {
    const measured = await trial.measure(executors.joining.joined)
    if (measured !== undefined) executors.learned(measured.costs, measured.like)
  }
  trial.over()
  if (call.ended !== undefined) throw call.ended
  const current = () => ({
    of: `${served.name} ${served.version}`,
    ...(apart !== undefined && { apart }),
    shapes: executors.costs,
  })
  return learned?.keep(about, current, recalled) ?? (async () => {})
}

/** What is to be remembered of that: why not, or null where it may; undefined for nothing. */
async function joinOrNot(
  { executors }: OpenVersion,
  joining: Joining,
  trial: VersionTrial,
  recalled: LearnedFacts | undefined,
): Promise<string | null | undefined> {
  if (joining.kind !== 'to-be-shown') return undefined
  const known = recalled?.apart
  const { apart, final } =
    known === undefined ? await trial.join() : { apart: known ?? undefined, final: true }
  if (apart === undefined) executors.joinable()
  else executors.apart(apart)
  return final ? (apart ?? null) : undefined
}

/** All that the outcome follows from. */
function namesOf({ served }: OpenVersion, { config, samples }: SettleOptions): readonly string[] {
  const { name, digest, provider } = served
  return [name, digest, provider, JSON.stringify(config), ...samples.flatMap(digestsOf)]
}

const digestsOf = ({ inputs }: InferenceRequest): readonly string[] =>
  inputs.map(({ name, tensor }) => `${name} ${tensor.shape} ${hash('sha256', binaryOf(tensor))}`)
