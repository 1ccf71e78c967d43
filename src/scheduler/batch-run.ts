/**
 * One run for several requests. Each gets its own rows, or its own failure: where a run of several
 * fails, halves of it are tried, down to the one whose input the model does not like.
 */
import { Call } from '../call.ts'
import { fail, ServingError } from '../errors.ts'
import type { WhyLeft } from '../events.ts'
import type { RunRequest, RunResult } from '../runtime/index.ts'
import type { NamedTensor } from '../tensor/index.ts'
import type { Joiner } from './joiner.ts'
import type { Waiting } from './waiting.ts'

/** How several requests are put to a model, and answered. */
export interface Delivery {
  /** What a request gets that names no outputs. */
  readonly outputNames: readonly string[]
  readonly joiner: Joiner
  /** Fails with what the outputs lack, given the rows that went in. */
  readonly checkOutputs: (outputs: readonly NamedTensor[], rows: number) => void
  /** Told of every run that succeeded. */
  readonly onRun: (members: readonly Waiting[], result: RunResult, left: WhyLeft) => void
  readonly answer: (waiting: Waiting, outputs: readonly NamedTensor[], result: RunResult) => void
}

export interface RunInThread extends Delivery {
  readonly run: (request: RunRequest, call: Call) => Promise<RunResult>
  /** Told when nothing runs any more, before anybody is answered. */
  readonly ended: () => void
}

/** Answers every one, in time. Never rejects. */
export async function runBatch(
  members: readonly Waiting[],
  left: WhyLeft,
  options: RunInThread,
): Promise<void> {
  const tell = await attempt(members, left, options)
  options.ended()
  tell()
}

/** Runs until there is an answer for each. What is returned gives it. */
async function attempt(
  members: readonly Waiting[],
  left: WhyLeft,
  options: RunInThread,
): Promise<() => void> {
  const { call, release } = sharedCall(members)
  try {
    const request = requestOf(members, options)
    const result = await options.run(request, call)
    return answers(members, request, result, left, options)
  } catch (thrown) {
    if (members.length === 1 || call.ended !== undefined) return () => refuse(members, thrown)
    // one after the other: the batch has one place in a thread
    const tell: (() => void)[] = []
    for (const half of halvesOf(members)) tell.push(await attempt(half, 'retry', options))
    return () => {
      for (const one of tell) one()
    }
  } finally {
    release()
  }
}

/** The same, for a run on the event loop. */
export function runBatchNow(
  members: readonly Waiting[],
  left: WhyLeft,
  options: Delivery,
  runNow: (request: RunRequest) => RunResult,
): void {
  let tell: () => void
  try {
    const request = requestOf(members, options)
    tell = answers(members, request, runNow(request), left, options)
  } catch (thrown) {
    if (members.length === 1) refuse(members, thrown)
    else for (const half of halvesOf(members)) runBatchNow(half, 'retry', options, runNow)
    return
  }
  tell()
}

/** Those whose client has left meanwhile are not tried again. */
function halvesOf(members: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const open = members.filter(({ settled }) => !settled)
  const middle = Math.ceil(open.length / 2)
  return [open.slice(0, middle), open.slice(middle)].filter(({ length }) => length > 0)
}

function requestOf(members: readonly Waiting[], { joiner, outputNames }: Delivery) {
  const [first, ...others] = members
  const wanted = first!.request.outputs ?? outputNames
  if (others.length === 0 && !joiner.always) {
    return { inputs: first!.request.inputs, outputs: wanted }
  }
  const same = others.every(({ request }) => request.outputs === first!.request.outputs)
  return {
    inputs: joiner.join(members.map(({ request }) => request)),
    outputs: same ? wanted : unionOf(members, outputNames),
  }
}

function unionOf(members: readonly Waiting[], outputNames: readonly string[]): readonly string[] {
  const wanted = new Set(members.flatMap(({ request }) => request.outputs ?? outputNames))
  return outputNames.filter((name) => wanted.has(name))
}

/** Fails where the outputs are not what they should be. */
function answers(
  members: readonly Waiting[],
  request: RunRequest,
  result: RunResult,
  left: WhyLeft,
  options: Delivery,
): () => void {
  const { joiner, outputNames } = options
  const rows = members.reduce((sum, one) => sum + one.rows, 0)
  options.checkOutputs(result.outputs, rows)
  const pieces =
    members.length === 1 && !joiner.always
      ? [result.outputs]
      : joiner.split(
          result.outputs,
          members.map((one) => one.request),
        )
  options.onRun(members, result, left)
  return () => {
    for (const [place, waiting] of members.entries()) {
      const wanted = waiting.request.outputs ?? outputNames
      const outputs = pieces[place]!
      options.answer(waiting, wanted === request.outputs ? outputs : pick(outputs, wanted), result)
    }
  }
}

const pick = (outputs: readonly NamedTensor[], wanted: readonly string[]) =>
  wanted.map((name) => outputs.find((output) => output.name === name)!)

function refuse(members: readonly Waiting[], thrown: unknown): void {
  for (const waiting of members) waiting.reject(ServingError.from(thrown))
}

/** Ends when nobody waits for any of them any more. */
function sharedCall(members: readonly Waiting[]): { call: Call; release(): void } {
  const [only, ...others] = members
  if (others.length === 0) return { call: only!.call, release() {} }
  const shared = new Call({ requestId: only!.call.requestId })
  let open = members.length
  const stops = members.map(({ call }) =>
    call.onEnd(() => {
      open -= 1
      if (open === 0) shared.end(fail('CANCELLED'))
    }),
  )
  return {
    call: shared,
    release: () => {
      for (const stop of stops) stop()
    },
  }
}
