/**
 * Triton's model repository extension: what there is, loading and unloading.
 * Source: Triton's docs/protocol/extension_model_repository.md.
 */
import { whileWaited } from '../../../call.ts'
import { fail, ServingError } from '../../../errors.ts'
import type { LoadOptions, ModelControl } from '../../../model-control.ts'
import { type Exchange, post, type Route } from '../../../transport/http/index.ts'
import { readyOnly, unloadsDependents } from './repository-body.ts'
import { repositoryIndex } from './repository-index.ts'
import { decodeLoad } from './repository-load.ts'

/** Who may load and unload: whoever may manage the server, or, as with Triton, whoever may infer. */
export type RepositoryControl = 'token' | 'open'

export interface RepositoryOptions {
  readonly control: ModelControl
  readonly repositoryControl: RepositoryControl
}

export function repositoryRoutes({
  control,
  repositoryControl,
}: RepositoryOptions): readonly Route[] {
  const scope = repositoryControl === 'open' ? 'infer' : 'manage'
  const named = '/v2/repository/:repository'
  return [
    post('/v2/repository/index', 'read', async (exchange) => {
      const ready = await decodeBody(exchange, readyOnly)
      await exchange.json(200, JSON.stringify(repositoryIndex(control.index(), ready)))
    }),
    post('/v2/repository/models/:model/load', scope, async (exchange) => {
      const name = askedName(exchange, control)
      const options = await decodeBody(exchange, (bytes) => decodeLoad(name, bytes))
      await whileWaited(load(control, name, options), exchange.call)
      await answerNothing(exchange)
    }),
    post('/v2/repository/models/:model/unload', scope, async (exchange) => {
      const name = askedName(exchange, control)
      const dependents = await decodeBody(exchange, unloadsDependents)
      await control.unload(name, { dependents })
      await answerNothing(exchange)
    }),
    post(`${named}/index`, 'read', refuseRepository),
    post(`${named}/models/:model/load`, scope, refuseRepository),
    post(`${named}/models/:model/unload`, scope, refuseRepository),
  ]
}

/** Refuses, before the body is read, what could not be done whatever it says. */
function askedName(exchange: Exchange, { mode }: ModelControl): string {
  const { model = '' } = exchange.params
  if (model === '') throw fail('BODY_MALFORMED', { problem: 'model name cannot be empty' })
  if (/[/\\]|^\.\.?$/.test(model)) throw fail('MODEL_NAME_INVALID', { model: model.slice(0, 128) })
  if (mode === 'explicit') return model
  throw fail('CONTROL_REFUSED', {
    problem: 'explicit model load / unload is not allowed if polling is enabled',
    hint: 'start the server with --model-control-mode explicit',
  })
}

async function decodeBody<T>(
  exchange: Exchange,
  decode: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const body = await exchange.readBody().catch((thrown: unknown) => {
    throw withHint(thrown)
  })
  try {
    return await decode(body.bytes)
  } finally {
    body.recycle()
  }
}

function withHint(thrown: unknown): unknown {
  if (!(thrown instanceof ServingError) || thrown.reason !== 'BODY_TOO_LARGE') return thrown
  const hint = 'the server raises this limit with --max-body; base64 takes a third more than a file'
  return new ServingError(thrown.reason, { ...thrown.facts, hint }, thrown.cause)
}

/** A model that nobody knows is worded as Triton does, since clients look for these words. */
async function load(control: ModelControl, name: string, options: LoadOptions): Promise<void> {
  try {
    await control.load(name, options)
  } catch (thrown) {
    if (!(thrown instanceof ServingError) || thrown.reason !== 'MODEL_NOT_FOUND') throw thrown
    const { hint } = thrown
    const why = 'failed to poll from model repository'
    throw fail('LOAD_FAILED', { model: name, why, ...(hint !== undefined && { hint }) }, thrown)
  }
}

const answerNothing = (exchange: Exchange) =>
  exchange.send(200, 'application/json', new Uint8Array())

function refuseRepository(): never {
  throw fail('NOT_BUILT', { what: 'a repository_name in the path' })
}
