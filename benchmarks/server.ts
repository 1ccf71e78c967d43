/** Starts the server under test, and the echo it is compared with. */
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from './child.ts'

const mostStartMs = 60_000

export interface Server {
  readonly child: Child
  readonly url: string
  stop(): Promise<void>
}

export interface Sluice extends Server {
  /** The file it logs to, until it is stopped. */
  readonly log: string
}

export interface StartOptions {
  /** The command's script, such as `bin/sluice.mjs`. */
  readonly script: string
  /** Further options of `serve`. */
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** As `ChildOptions` has it. */
  readonly cores?: string
}

/**
 * Ready when it returns. Everything is as a user gets it: validation, metrics and access log are
 * on, and the log goes to a file. But it remembers nothing of the servers before it.
 */
export async function startSluice(modelPath: string, options: StartOptions): Promise<Sluice> {
  const log = join(tmpdir(), `sluice-benchmark-${process.pid}-${performance.now()}.log`)
  const stderr = openSync(log, 'a')
  const args = [
    ...(options.nodeArgs ?? []),
    options.script,
    'serve',
    modelPath,
    ...['--http-port', '0', '--metrics-port', 'off', '--log-format', 'json', '--state-dir', 'off'],
    ...(options.args ?? []),
  ]
  const { cores } = options
  const env = { SLUICE_STATE_DIR: 'off', ...options.env }
  const child = new Child(process.execPath, args, { stderr, env, ...(cores && { cores }) })
  closeSync(stderr)
  const stop = async () => {
    await child.stop()
    rmSync(log)
  }
  try {
    return { child, url: await readyUrl(child), log, stop }
  } catch (cause) {
    const said = readFileSync(log, 'utf8').slice(-2000)
    await stop()
    throw new Error(`the server did not become ready; it said:\n${said}`, { cause })
  }
}

/** `node:http` that reads the body and answers the same bytes. */
export async function startEcho(cores?: string): Promise<Server> {
  const script = join(import.meta.dirname, 'echo.ts')
  const child = new Child(process.execPath, [script], { ...(cores && { cores }) })
  return { child, url: await readyUrl(child), stop: () => child.stop() }
}

async function readyUrl(child: Child): Promise<string> {
  const late = wait(mostStartMs, '', { ref: false })
  const line = await Promise.race([child.line(), late])
  if (line === '') throw new Error(`not ready within ${mostStartMs / 1000} s`)
  const url = /http:\/\/[^\s/]+/.exec(line)?.[0]
  if (url === undefined) throw new Error(`no address in the ready line: ${line}`)
  return url
}
