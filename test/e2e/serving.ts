/** A server over a repository, clients that never stop asking it, and what holds in the end. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Asking } from './asking.ts'
import { plusModel } from './models.ts'
import { Published } from './published.ts'
import { type Server, startServer, until } from './server.ts'
import { counted, index, served, states } from './states.ts'

export interface Serving {
  readonly server: Server
  readonly published: Published
  readonly asking: Asking
}

export interface ServingOptions {
  /** What lies in the model's folder beside its version. */
  readonly beside?: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  readonly mode?: 'poll' | 'explicit' | 'none'
  readonly yaml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly through?: readonly string[]
}

/** Version 1 of `plus` serves, and is asked all the time. */
export async function serving(t: TestContext, options: ServingOptions = {}): Promise<Serving> {
  const published = new Published()
  published.version('plus', 1, { 'model.onnx': plusModel(1) })
  for (const [name, text] of Object.entries(options.beside ?? {})) {
    published.file('plus', name, text)
  }
  const server = await startOver(t, published, options)
  return { server, published, asking: askingPlus(server) }
}

/** Clients that leave the machine time for what is done to the repository meanwhile. */
export const askingPlus = (server: Server): Asking =>
  new Asking(server, 'plus', { clients: 3, restMs: 5 })

/** Under `explicit` all models are loaded at the start. */
export async function startOver(
  t: TestContext,
  { root }: Pick<Published, 'root'>,
  { flags = [], mode = 'poll', ...options }: ServingOptions = {},
): Promise<Server> {
  const own = mode === 'explicit' ? ['--load-model', '*'] : ['--repository-poll-secs', '0.5']
  const server = await startServer(
    [root, '--model-control-mode', mode, ...own, '--log-level', 'warn', ...flags],
    options,
  )
  t.after(() => server.process.end('SIGKILL'))
  return server
}

/** Resolves when these versions take requests, and no others. */
export const untilServed = (server: Server, versions: string, model = 'plus'): Promise<void> =>
  until(
    async () => (await served(server, model)).join() === versions,
    `${model} is served as ${versions}`,
  )

/** Resolves when nothing else is told of a model than that this version is ready. */
export const untilOnly = (server: Server, version: string, model = 'plus'): Promise<void> =>
  until(
    async () => isDeepStrictEqual(await states(server, model), [[version, 'ready', undefined]]),
    `nothing but version ${version} of ${model} is left`,
  )

/** Resolves when the index tells of models of these names, and of no others. */
export const untilNamed = (server: Server, names: readonly string[]): Promise<void> =>
  until(async () => {
    const rows = await index(server)
    return isDeepStrictEqual([...new Set(rows.map(({ name }) => name))], names)
  }, `the index tells of ${names}`)

/**
 * No request was lost, the server lives, answers as one of these versions, keeps nothing waiting,
 * and has met nothing that nobody foresaw.
 */
export async function allIsWell(
  { server, asking }: Pick<Serving, 'server' | 'asking'>,
  versions: string,
): Promise<void> {
  await asking.stop()
  assert.ok(asking.answers > 0)
  const live = await server.ask({ path: '/health/live' })
  assert.equal(live.status, 200)
  const ready = await server.ask({ path: '/health/ready' })
  assert.equal(ready.status, 200)
  const good = await server.ask({ path: '/predict/plus', body: { features: [7] } })
  assert.equal(good.status, 200, good.text)
  const version = String(good.json?.model_version)
  assert.ok(versions.split(',').includes(version), `version ${version} answered`)
  assert.equal(await counted(server, 'nv_inference_pending_request_count'), 0)
  assert.equal(await counted(server, 'predictions_total', { status: 'error' }), 0)
  const lines = server.process.stderr.split('\n')
  const unforeseen = lines.filter((line) => /^ {4}at |"stack"|went wrong inside/.test(line))
  assert.deepEqual(unforeseen.slice(0, 3), [])
}
