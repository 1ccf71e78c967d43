/** What a server tells of itself and of its model, by the Open Inference Protocol. */
import { unreachable, WrongUsage } from '../../predict/index.ts'
import type { InputSpec } from '../../signature.ts'
import { isDatatype } from '../../tensor/index.ts'
import { oipPath, oipReason } from './oip-answer.ts'
import type { ModelDescription } from './question.ts'
import { TargetFailed } from './target-failed.ts'

/** As the server says them. */
export interface ServerDescription {
  readonly name: string
  readonly version: string
  readonly extensions: readonly string[]
}

export type Headers = readonly (readonly [string, string])[]

/** Undefined where the server does not speak the protocol. Fails where there is no server. */
export async function describeServer(
  base: string,
  headers: Headers,
): Promise<ServerDescription | undefined> {
  const { status, body } = await get(base, 'v2', headers)
  if (status !== 200) return undefined
  const { name, version, extensions } = objectOf(body)
  if (typeof name !== 'string') return undefined
  return {
    name,
    version: typeof version === 'string' ? version : '',
    extensions: Array.isArray(extensions) ? extensions.map(String) : [],
  }
}

/** The only model that is ready. Fails with WrongUsage where there are others, or no telling. */
export async function onlyModel(base: string, headers: Headers): Promise<string> {
  const { status, body } = await post(base, 'v2/repository/index', headers)
  const rows = status === 200 && Array.isArray(body) ? body : []
  const names = new Set(
    rows.flatMap((row) => {
      const { name, state } = objectOf(row)
      return typeof name === 'string' && (state === undefined || state === 'READY') ? [name] : []
    }),
  )
  const [only] = names
  if (only !== undefined && names.size === 1) return only
  throw new WrongUsage(
    'which model?',
    names.size > 1 ? `choose by --model: ${[...names].join(', ')}` : 'say it by --model NAME',
  )
}

/** Fails with TargetFailed in the server's words where it has no such model, or it is not ready. */
export async function describeModel(
  base: string,
  name: string,
  version: string | undefined,
  headers: Headers,
): Promise<ModelDescription> {
  const { status, body, text } = await get(base, oipPath(name, version), headers)
  if (status !== 200) {
    const why = oipReason(Buffer.from(text))
    throw new TargetFailed(
      `the server does not tell of the model "${name}": HTTP ${status}${why === undefined ? '' : `: ${why}`}`,
    )
  }
  const { inputs } = objectOf(body)
  return { name, version, inputs: Array.isArray(inputs) ? inputs.map(inputOf) : [] }
}

function inputOf(value: unknown): InputSpec {
  const { name, datatype, shape } = objectOf(value)
  const type = `${datatype}`
  if (typeof name !== 'string' || !isDatatype(type) || !Array.isArray(shape)) {
    throw new TargetFailed(`the server tells of an input that cannot be made: ${name}, ${type}`)
  }
  return { name, datatype: type, shape: shape.map(Number) }
}

const get = (base: string, path: string, headers: Headers) =>
  ask(base, path, { headers: headers.map(pair) })

const post = (base: string, path: string, headers: Headers) =>
  ask(base, path, {
    method: 'POST',
    headers: [['content-type', 'application/json'], ...headers.map(pair)],
    body: '{}',
  })

async function ask(base: string, path: string, init: RequestInit) {
  let response: Response
  let text: string
  try {
    const signal = AbortSignal.timeout(patienceMs)
    response = await fetch(`${base}${path}`, { ...init, signal })
    text = await response.text()
  } catch (thrown) {
    const { message, hint } = unreachable(base, thrown)
    throw new TargetFailed(message, hint)
  }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return { status: response.status, body, text }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const pair = ([name, value]: readonly [string, string]): [string, string] => [name, value]

const patienceMs = 10_000
