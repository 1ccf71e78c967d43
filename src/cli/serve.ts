/** `sluice serve`: starts a server, says where it is, and ends it when told to. */
import { Command } from 'commander'
import {
  ConfigError,
  formatProblem,
  loadAdminToken,
  loadServerConfig,
  loadServingFiles,
  type ServerConfig,
} from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { ModelStatus } from '../models.ts'
import { curlExample } from '../protocols/plain/index.ts'
import { type RunningServer, type ServeOptions, type ServerSettings, serve } from '../serve.ts'
import { defaultStateFolder } from '../state/index.ts'
import { createLog, type ProcessLog } from '../telemetry/index.ts'
import { withServeFlags } from './config.ts'
import { exitAtOnce } from './exit-at-once.ts'

export function serveCommand(): Command {
  return withServeFlags(new Command('serve').argument('[path...]'))
    .description('serve a model file, a model folder or a folder of models')
    .addHelpText('after', '\nExample:\n  $ sluice serve churn.onnx --http-port 8000')
    .action(async (args: string[], options: Record<string, unknown>) => {
      process.exitCode = await run(args, options)
    })
}

/** The exit code: 0 after a good end, 1 where something failed, 2 for a wrong configuration. */
async function run(args: readonly string[], options: Record<string, unknown>): Promise<number> {
  let settings: ServerSettings
  let adminToken: string | undefined
  let warnings: readonly string[]
  try {
    const loaded = loadServerConfig({ args, options })
    adminToken = loadAdminToken(loaded)
    settings = { config: loaded.config, servingFiles: await loadServingFiles(loaded.config) }
    warnings = loaded.warnings
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    for (const problem of thrown.problems) complain(formatProblem(problem))
    return 2
  }
  const log = createLog({ ...settings.config.log, destination: 2 })
  for (const warning of warnings) log.warn(warning)
  try {
    const reread = () => readAgain(args, options)
    const stateFolder = stateFolderOf(settings.config)
    return await runServer({ ...settings, adminToken, stateFolder, reread, log })
  } finally {
    await log.close()
  }
}

function stateFolderOf({ stateDir }: ServerConfig): string | undefined {
  return stateDir === 'off' ? undefined : (stateDir ?? defaultStateFolder(process.env))
}

/** Fails with RELOAD_REFUSED, so that a server that runs goes on as it is. */
async function readAgain(
  args: readonly string[],
  options: Record<string, unknown>,
): Promise<ServerSettings> {
  try {
    const { config } = loadServerConfig({ args, options })
    return { config, servingFiles: await loadServingFiles(config) }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    throw fail('RELOAD_REFUSED', { problem: thrown.problems.map(formatProblem).join('; ') })
  }
}

async function runServer(options: ServeOptions & { readonly log: ProcessLog }): Promise<number> {
  const { config, log } = options
  // before anything is started: a signal that comes early must not be lost
  const stopAsked = firstSignal(log)
  let stopping = false
  void stopAsked.then(() => {
    stopping = true
  })
  let server: RunningServer
  try {
    server = await serve(options)
  } catch (thrown) {
    complain(startProblem(thrown, config))
    return 1
  }
  if (!process.stdin.isTTY) {
    process.on('SIGHUP', () => {
      if (!stopping) reload(server, log)
    })
  }
  let failed = false
  const started = server.settled.then(
    (statuses) => {
      if (stopping) return
      failed = isFailedStart(config, statuses)
      if (!failed) sayReady(server, statuses)
    },
    (thrown: unknown) => {
      failed = true
      complain(startProblem(thrown, config))
    },
  )
  await Promise.race([stopAsked, started.then(() => (failed ? undefined : stopAsked))])
  if (failed) {
    await server.stop().catch(() => {})
    return endOf(server, 1, log)
  }
  log.info('stopping')
  // a run that does not heed its stop flag must not keep the process for ever
  const overdue = setTimeout(() => {
    log.error('stopped at once', { why: 'a model does not stop' })
    log.flushSync()
    exitAtOnce(1)
  }, config.shutdownTimeoutMs + stopMs)
  const inTime = await server.stop()
  clearTimeout(overdue)
  log.info('stopped', { inTime })
  return endOf(server, inTime ? 0 : 1, log)
}

/** The code, once the runtime has ended: nobody waits for a load that was given up any more. */
async function endOf({ ended }: RunningServer, code: number, log: ProcessLog): Promise<number> {
  const overdue = setTimeout(() => {
    log.flushSync()
    exitAtOnce(code)
  }, endMs)
  await ended
  clearTimeout(overdue)
  return code
}

function reload(server: RunningServer, log: ProcessLog): void {
  server.reload().catch((thrown: unknown) => {
    log.error('not reloaded', { why: ServingError.from(thrown).message })
  })
}

/**
 * Resolves at the first SIGTERM or SIGINT; the second one ends the process where it stands. A
 * terminal that is closed sends SIGHUP, which is the same to a server that runs in one.
 */
function firstSignal(log: ProcessLog): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    let echoes = true
    const onSignal = (signal: string) => {
      if (asked && echoes) return
      if (asked) {
        log.warn('stopped at once', { signal })
        log.flushSync()
        exitAtOnce(1)
      }
      asked = true
      // npm passes on a signal that the terminal has sent to everybody already: that is one, not two
      const end = () => {
        echoes = false
        log.info('another signal ends this at once')
      }
      setTimeout(end, echoMs).unref()
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
    if (process.stdin.isTTY) process.on('SIGHUP', onSignal)
  })
}

/** How long runs that were told to stop may take to do so. */
const stopMs = 10_000

/** How long native code may take to end when nothing is under way any more. */
const endMs = 1_000

/** How late the echo of a signal may come. */
const echoMs = 500

/** Whether there is nothing left to serve of what was asked for. */
function isFailedStart(config: ServerConfig, statuses: readonly ModelStatus[]): boolean {
  const failures = statuses.filter(({ state }) => state === 'failed')
  const all = statuses.length > 0 && failures.length === statuses.length
  if (!all && !(config.exitOnError && failures.length > 0)) return false
  for (const { name, why } of failures) complain(`cannot serve "${name}": ${why}`)
  return true
}

function sayReady(server: RunningServer, statuses: readonly ModelStatus[]): void {
  const metrics = server.metricsUrl === undefined ? '' : ` metrics ${server.metricsUrl}`
  process.stdout.write(`ready ${server.url ?? 'without HTTP'}${metrics}\n`)
  const { url } = server
  if (url === undefined) return
  const lines = statuses.flatMap(({ served }) => (served ? [curlExample(url, served)] : []))
  const shortest = lines.sort((a, b) => a.length - b.length)[0]
  if (shortest === undefined) return
  process.stderr.write(`\nTry it:\n  ${shortest}\nDocumentation: ${url}/docs\n\n`)
}

function startProblem(thrown: unknown, { http, metrics }: ServerConfig): string {
  if (thrown instanceof ServingError) {
    return thrown.hint === undefined ? thrown.message : `${thrown.message}\n  ${thrown.hint}`
  }
  const { code, port } = thrown as { code?: string; port?: number }
  const flag = port === metrics.port ? '--metrics-port' : '--http-port'
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${http.host} is in use\n  choose another by ${flag}, or ${flag} 0 for a free one`
    case 'EACCES':
      return `port ${port} may not be bound by this user\n  choose one above 1023 by ${flag}`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `"${http.host}" is no address of this machine\n  choose another by --host`
    default:
      return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  }
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`)
}
