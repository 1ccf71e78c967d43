/** `sluice config`: the values in effect, the check of a file, the JSON Schemas. */
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import {
  ConfigError,
  type ConfigKind,
  formatProblem,
  jsonSchema,
  kindOfConfig,
  type LoadedServerConfig,
  loadServerConfig,
  parseModelConfig,
  type ReadFile,
  readTextFile,
  type ServerConfigSources,
  serveFlags,
  serverKeys,
  whyUnreadable,
} from '../config/index.ts'
import { type CommandIo, standardIo, tellConfigError } from './io.ts'

/** Where it is started, besides. */
export interface ConfigCommandIo extends CommandIo {
  readonly sources?: Omit<ServerConfigSources, 'args' | 'options'>
}

/** `sluice config …`; what is wrong with a configuration is printed, and ends with exit code 2. */
export function configCommand(io: ConfigCommandIo = standardIo): Command {
  const command = new Command('config')
    .description('show, check and describe the configuration')
    .addHelpText('after', example('sluice config show --http-port 9000'))

  withServeFlags(command.command('show [path...]'))
    .description('print the values in effect and where each comes from')
    .option('--json', 'print JSON')
    .addHelpText('after', example('SLUICE_LOG_LEVEL=debug sluice config show models --http-port 0'))
    .action(
      reporting(io, (args: string[], options: Record<string, unknown>) => {
        const loaded = loadServerConfig({ ...io.sources, args, options })
        for (const warning of loaded.warnings) io.complain(`warning: ${warning}\n`)
        io.print(options.json === true ? effectiveJson(loaded) : effectiveTable(loaded))
      }),
    )

  command
    .command('validate <file...>')
    .description('check files, each a sluice.yaml or a model.yaml')
    .addOption(
      new Option('--as <kind>', 'what the files are, where name and content do not tell').choices([
        'server',
        'model',
      ]),
    )
    .option('--json', 'print JSON')
    .addHelpText('after', example('sluice config validate sluice.yaml models/churn/model.yaml'))
    .action((files: string[], options: { as?: ConfigKind; json?: boolean }) => {
      const results = files.map((file) => ({ file, problems: problemsOf(file, options.as, io) }))
      if (options.json === true) io.print(`${JSON.stringify(results, null, 2)}\n`)
      for (const { file, problems } of options.json === true ? [] : results) {
        if (problems.length === 0) io.print(`${file}: ok\n`)
        for (const problem of problems) io.complain(`${formatProblem(problem)}\n`)
      }
      if (results.some(({ problems }) => problems.length > 0)) io.fail(2)
    })

  command
    .command('schema')
    .argument('<kind>', 'server for sluice.yaml, model for model.yaml')
    .description('print the JSON Schema of a file, for editors')
    .addHelpText('after', example('sluice config schema model > model.schema.json'))
    .action((kind: string) => {
      if (kind === 'server' || kind === 'model') {
        io.print(`${JSON.stringify(jsonSchema(kind), null, 2)}\n`)
        return
      }
      io.complain(`expected server or model, got ${JSON.stringify(kind)}\n`)
      io.fail(2)
    })
  return command
}

/** Gives a command the flags of `sluice serve`, for `loadServerConfig` to read. */
export function withServeFlags(command: Command): Command {
  for (const { flags, description, repeatable } of serveFlags) {
    const option = new Option(flags, repeatable ? `${description} (repeatable)` : description)
    // commander's own lists would take the paths that follow
    if (repeatable) {
      option.argParser((item: string, before: string[] | undefined) => [...(before ?? []), item])
    }
    command.addOption(option)
  }
  return command
}

function problemsOf(file: string, as: ConfigKind | undefined, io: ConfigCommandIo) {
  const { cwd = process.cwd(), readFile = readTextFile } = io.sources ?? {}
  try {
    const text = read(file, resolve(cwd, file), readFile)
    const kind = as ?? kindOfConfig(file, text)
    if (kind === 'model') parseModelConfig(text, file)
    else if (kind === 'server') {
      loadServerConfig({ options: { config: file }, env: {}, cwd, readFile: () => text })
    } else {
      return [
        {
          where: file,
          message: 'neither name nor content tells what this is',
          hint: 'say --as server or --as model',
        },
      ]
    }
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems
    throw thrown
  }
}

function read(file: string, path: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (thrown) {
    throw new ConfigError([{ where: file, message: whyUnreadable(thrown) }])
  }
}

/** Every key with its value and origin, in the order of the reference page. */
function effective({ config, origins }: LoadedServerConfig) {
  return serverKeys.map(({ path }) => {
    const value = path
      .split('.')
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], config)
    return { key: path, value: withoutPassword(value), origin: origins.get(path)! }
  })
}

/** An address as it may be shown. */
const withoutPassword = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/^(\w+:\/\/[^/]*?:)[^/]*@/, '$1***@') : value

function effectiveTable(loaded: LoadedServerConfig): string {
  const rows = effective(loaded).map(({ key, value, origin }) => [
    key,
    value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value),
    origin.name,
  ])
  const width = (at: number) => Math.max(...rows.map((row) => row[at]!.length))
  return rows
    .map(([key, value, origin]) =>
      `${key!.padEnd(width(0))}  ${value!.padEnd(width(1))}  ${origin}`.trimEnd(),
    )
    .join('\n')
    .concat('\n')
}

function effectiveJson(loaded: LoadedServerConfig): string {
  const values = Object.fromEntries(
    effective(loaded).map(({ key, value, origin }) => [key, { value: value ?? null, origin }]),
  )
  return `${JSON.stringify(values, null, 2)}\n`
}

function reporting<Args extends unknown[]>(io: ConfigCommandIo, action: (...args: Args) => void) {
  return (...args: Args): void => {
    try {
      action(...args)
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown
      tellConfigError(thrown, io)
    }
  }
}

const example = (line: string): string => `\nExample:\n  $ ${line}`
