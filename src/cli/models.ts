/** `sluice models`: what a running server serves, and changing it. */
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { WrongUsage } from '../predict/index.ts'
import { type CommandIo, standardIo } from './io.ts'
import { AdminError, type AdminServer, askAdmin, type JsonObject } from './models-server.ts'
import { defaultUrl, type ServerOptions, type ServerSources, serverOf } from './models-target.ts'
import { detailsOf, tableOf } from './models-text.ts'
import { printable } from './printable.ts'
import { type Progress, progressOn } from './progress.ts'

export interface ModelsCommandIo extends CommandIo, ServerSources {
  readonly progress: Progress
}

interface Options extends ServerOptions {
  readonly json?: boolean
  readonly force?: boolean
}

/** Ends with exit code 1 where the server refuses or is not there, with 2 for a wrong command line. */
export function modelsCommand(io: ModelsCommandIo = ownIo): Command {
  const command = new Command('models')
    .description('see and change what a running server serves')
    .addHelpText('after', example('sluice models list --url http://127.0.0.1:8000'))
  const sub = (usage: string, description: string, line: string) =>
    command
      .command(usage)
      .description(description)
      .option('--url <address>', `the server, in place of SLUICE_URL or ${defaultUrl}`)
      .option('--token-file <path>', 'a file with its admin token, in place of SLUICE_ADMIN_TOKEN')
      .option('--json', 'print JSON')
      .addHelpText('after', example(line))

  sub('list', 'print every version of every model', 'sluice models list').action(
    reporting(io, async (options) => {
      const answer = await read(await serverOf(options, io), 'models')
      print(answer, () => tableOf(rowsOf(answer, 'models')), options, io)
    }),
  )
  sub('status [name]', 'say whether a model is ready, or all are', 'sluice models status churn')
    .addHelpText('after', '\nEnds with exit code 1 where it is not ready.')
    .action(
      reporting(io, async (options, name) => {
        const server = await serverOf(options, io)
        const answer = await read(server, name === undefined ? 'models' : pathOf(name))
        const rows = rowsOf(answer, name === undefined ? 'models' : 'versions')
        const words = () => (name === undefined ? tableOf(rows) : rows.map(detailsOf).join(''))
        print(answer, words, options, io)
        if (!(name === undefined ? answer.ready === true : rows.some(answers))) io.fail(1)
      }),
    )
  sub('load <name>', 'load a model as its files are now', 'sluice models load churn')
    .option('--force', 'serve it although clients of the version before could not be answered')
    .action(
      reporting(io, async (options, name) => {
        const { force = false } = options
        const server = await serverOf(options, io)
        io.progress.say(printable(`loading ${name}`))
        const path = `${pathOf(name!)}/load`
        const answer = await askAdmin(server, { method: 'POST', path, body: { force } })
        print(answer, () => tableOf(rowsOf(answer, 'versions')), options, io)
      }),
    )
  sub('unload <name>', 'stop serving a model', 'sluice models unload churn').action(
    reporting(io, async (options, name) => {
      const path = `${pathOf(name!)}/unload`
      const server = await serverOf(options, io)
      const answer = await askAdmin(server, { method: 'POST', path, timeoutMs: patienceMs })
      print(answer, () => tableOf(rowsOf(answer, 'versions')), options, io)
    }),
  )
  sub('reload', 'read configuration and repositories again', 'sluice models reload').action(
    reporting(io, async (options) => {
      const server = await serverOf(options, io)
      io.progress.say('reloading')
      const answer = await askAdmin(server, { method: 'POST', path: 'reload' })
      print(answer, () => reloadText(answer), options, io)
    }),
  )
  return command
}

type Action = (options: Options, name: string | undefined) => Promise<void>

/** Commander gives the arguments, then the options, then the command. */
function reporting(io: ModelsCommandIo, action: Action) {
  return async (...given: unknown[]): Promise<void> => {
    const options = given.at(-2) as Options
    const name = given.length > 2 ? (given[0] as string | undefined) : undefined
    try {
      await action(options, name)
    } catch (thrown) {
      if (!(thrown instanceof AdminError || thrown instanceof WrongUsage)) throw thrown
      io.progress.end()
      const { message, hint } = thrown
      io.complain(printable(hint === undefined ? `${message}\n` : `${message}\n  ${hint}\n`))
      io.fail(thrown instanceof WrongUsage ? 2 : 1)
    }
  }
}

const read = (server: AdminServer, path: string): Promise<JsonObject> =>
  askAdmin(server, { method: 'GET', path, timeoutMs: patienceMs })

const pathOf = (name: string): string => `models/${encodeURIComponent(name)}`

function rowsOf(answer: JsonObject, key: string): readonly JsonObject[] {
  const rows = answer[key]
  if (Array.isArray(rows)) return rows as readonly JsonObject[]
  throw new AdminError('the server gave no list of models', 'is it a Sluice server?')
}

/** Whether a request that names no version would be answered. */
const answers = (row: JsonObject): boolean =>
  row.loaded_when_asked === true || (row.stable === true && row.state === 'ready')

function reloadText(answer: JsonObject): string {
  const { need_restart: keys } = answer
  const waiting =
    Array.isArray(keys) && keys.length > 0
      ? printable(`from the next start on: ${keys.join(', ')}\n`)
      : ''
  return `${tableOf(rowsOf(answer, 'models'))}${waiting}`
}

function print(answer: JsonObject, words: () => string, { json }: Options, io: ModelsCommandIo) {
  const text = json === true ? `${JSON.stringify(answer, null, 2)}\n` : words()
  io.progress.end()
  io.print(text)
}

const example = (line: string): string => `\nExample:\n  $ ${line}`

/** For what a server does at once. */
const patienceMs = 30_000

const ownIo: ModelsCommandIo = {
  ...standardIo,
  progress: progressOn(process.stderr),
  env: process.env,
  readFile: (path) => readFile(path, 'utf8'),
}
