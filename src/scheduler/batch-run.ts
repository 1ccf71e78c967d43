/**
 * One run for several requests. Each gets its own rows, or its own failure: where a run of several
 * fails, halves of it are tried, down to the one whose input the model does not like.
 */
import { Call } from '../call.ts'
import { fail, ServingError } from '../errors.ts'
import type { WhyLeft } from '../events.ts'
import type { InferenceRequest, InferenceResponse } from '../predictor.ts'
import type { RunRequest, RunResult } from '../runtime/index.ts'
import type { NamedTensor } from '../tensor/index.ts'
import type { Joiner } from './joiner.ts'
import type { Waiting } from './waiting.ts'

/** A request that takes part in a run. */
export interface Member {
  readonly request: InferenceRequest
  readonly rows: number
  /** When it came, in milliseconds of the clock. */
  readonly arrived: number
  /** Answered, or given up. */
  readonly settled: boolean
  resolve(response: InferenceResponse): void
  reject(why: ServingError): void
}

/** How several requests are put to a model, and answered. */
export interface Delivery<M extends Member> {
  /** What a request gets that names no outputs. */
  readonly outputNames: readonly string[]
  readonly joiner: Joiner
  /** Fails with what the outputs lack, given the rows that went in. */
  readonly checkOutputs: (outputs: readonly NamedTensor[], rows: number) => void
  /** Told of every run that succeeded. */
  readonly onRun: (members: readonly M[], ran: Ran) => void
  readonly answer: (member: M, outputs: readonly NamedTensor[], result: RunResult) => void
}

export interface Ran {
  readonly rows: number
  /** What it took to lay the requests together, in milliseconds. */
  readonly joinMs: number
  readonly left: WhyLeft
  readonly result: RunResult
}

export interface RunInThread extends Delivery<Waiting> {
  readonly run: (request: RunRequest, call: Call) => Promise<RunResult>
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number
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
  const { call, leave } = sharedCall(members)
  try {
    const began = options.now()
    const request = requestOf(members, options)
    const joinMs = options.now() - began
    const result = await options.run(request, call)
    release(request, members, result)
    return answers(members, request, { joinMs, left, result }, options)
  } catch (thrown) {
    if (members.length === 1 || call.ended !== undefined) return () => refuse(members, thrown)
    // one after the other: the batch has one place in a thread
    const tell: (() => void)[] = []
    for (const half of halvesOf(members)) tell.push(await attempt(half, 'retry', options))
    return () => {
      for (const one of tell) one()
    }
  } finally {
    leave()
  }
}

/**
 * Gives the memory of what was joined back at once. Left to be collected, that of large tensors would
 * make the collector run for an eighth of the time.
 */
function release({ inputs }: RunRequest, members: readonly Member[], { outputs }: RunResult): void {
  for (const { tensor } of inputs) {
    if (tensor.datatype === 'BYTES' || tensor.data.byteLength < large) continue
    const { buffer } = tensor.data
    const liesThere = ({ tensor: { datatype, data } }: NamedTensor) =>
      datatype !== 'BYTES' && data.buffer === buffer
    const isInUse =
      outputs.some(liesThere) || members.some(({ request }) => request.inputs.some(liesThere))
    if (!isInUse && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}

/** The same, for a run on the event loop. */
export function runBatchNow<M extends Member>(
  members: readonly M[],
  left: WhyLeft,
  options: Delivery<M>,
  runNow: (request: RunRequest) => RunResult,
): void {
  let tell: () => void
  try {
    const request = requestOf(members, options)
    tell = answers(members, request, { joinMs: 0, left, result: runNow(request) }, options)
  } catch (thrown) {
    if (members.length === 1) refuse(members, thrown)
    else for (const half of halvesOf(members)) runBatchNow(half, 'retry', options, runNow)
    return
  }
  tell()
}

/** Those whose client has left meanwhile are not tried again. */
function halvesOf<M extends Member>(members: readonly M[]): readonly (readonly M[])[] {
  const open = members.filter(({ settled }) => !settled)
  const middle = Math.ceil(open.length / 2)
  return [open.slice(0, middle), open.slice(middle)].filter(({ length }) => length > 0)
}

function requestOf<M extends Member>(
  members: readonly M[],
  { joiner, outputNames }: Delivery<M>,
): RunRequest {
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

function unionOf(members: readonly Member[], outputNames: readonly string[]): readonly string[] {
  const wanted = new Set(members.flatMap(({ request }) => request.outputs ?? outputNames))
  return outputNames.filter((name) => wanted.has(name))
}

/** Fails where the outputs are not what they should be. */
function answers<M extends Member>(
  members: readonly M[],
  request: RunRequest,
  ran: Omit<Ran, 'rows'>,
  options: Delivery<M>,
): () => void {
  const { joiner, outputNames } = options
  const { result } = ran
  const rows = members.reduce((sum, one) => sum + one.rows, 0)
  options.checkOutputs(result.outputs, rows)
  const pieces =
    members.length === 1 && !joiner.always
      ? [result.outputs]
      : joiner.split(
          result.outputs,
          members.map((one) => one.request),
        )
  options.onRun(members, { rows, ...ran })
  return () => {
    for (let place = 0; place < members.length; place++) {
      const member = members[place]!
      const wanted = member.request.outputs ?? outputNames
      const outputs = pieces[place]!
      options.answer(member, wanted === request.outputs ? outputs : pick(outputs, wanted), result)
    }
  }
}

const pick = (outputs: readonly NamedTensor[], wanted: readonly string[]) =>
  wanted.map((name) => outputs.find((output) => output.name === name)!)

function refuse(members: readonly Member[], thrown: unknown): void {
  for (const member of members) member.reject(ServingError.from(thrown))
}

/** Ends when nobody waits for any of them any more. */
function sharedCall(members: readonly Waiting[]): { call: Call; leave(): void } {
  const [only, ...others] = members
  if (others.length === 0) return { call: only!.call, leave() {} }
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
    leave: () => {
      for (const stop of stops) stop()
    },
  }
}

/** Bytes from which memory is a matter of its own. */
const large = 65_536
