/** What a server says of its models: in `/health`, in the index, in the log and in the metrics. */
import type { Server } from './server.ts'

export type State = readonly [version: string, state: string, why: string | undefined]

/** Every version of a model in `/health`, oldest first. */
export async function states(server: Server, model = 'plus'): Promise<readonly State[]> {
  const { json } = await server.ask({ path: '/health' })
  const models = json?.models as { name: string; version: string; state: string; why?: string }[]
  return models
    .filter(({ name }) => name === model)
    .map(({ version, state, why }) => [version, state, why] as const)
}

/** The versions that take requests. */
export const served = async (server: Server, model = 'plus'): Promise<readonly string[]> =>
  (await states(server, model)).filter(([, state]) => state === 'ready').map(([version]) => version)

/** One version; undefined where nothing is known of it. */
export const stateOf = async (
  server: Server,
  version: string,
  model = 'plus',
): Promise<State | undefined> => (await states(server, model)).find(([known]) => known === version)

export interface IndexRow {
  readonly name: string
  readonly version?: string
  readonly state?: string
  readonly reason?: string
}

/** The repository index of Triton's extension. */
export async function index(server: Server): Promise<readonly IndexRow[]> {
  const { text } = await server.ask({ path: '/v2/repository/index', body: {} })
  return JSON.parse(text)
}

export interface AdminRow {
  readonly version: string
  readonly state: string
  readonly digest?: string
  readonly memory_bytes?: number
  readonly files?: readonly { readonly path: string; readonly bytes: number }[]
}

/** The versions of a model as the admin API tells of them. */
export async function adminRows(server: Server, model = 'plus'): Promise<readonly AdminRow[]> {
  const { json, text } = await server.ask({ path: `/admin/v1/models/${model}` })
  if (!Array.isArray(json?.versions)) throw new Error(text)
  return json.versions
}

export type LogLine = Readonly<Record<string, unknown>>

/** What was logged with this message so far. */
export const logged = (server: Server, msg: string): readonly LogLine[] =>
  server.process.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): LogLine => JSON.parse(line))
    .filter((line) => line.msg === msg)

/** The sum of all series of a metric whose labels are these. */
export async function counted(
  server: Server,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { text } = await server.ask({ path: '/metrics' })
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
