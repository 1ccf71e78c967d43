/** Provides the parts outside npm that suites need: a Python environment, a browser, a Redis. */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Commands } from './command.ts'
import type { Machine } from './machine.ts'

export type Provided =
  | { readonly path: string }
  /** The machine lacks it, which may be allowed. */
  | { readonly missing: string }
  /** It should be there and could not be had. */
  | { readonly broken: string }

const minutes = 60_000

/** Makes `.venv-test` with `test/python/requirements.txt`, once for each content of that file. */
export async function providePython(
  root: string,
  machine: Machine,
  mayInstall: boolean,
  commands: Commands,
): Promise<Provided> {
  const { python } = machine
  if (python === undefined) return { missing: 'there is no python3' }
  const venv = join(root, '.venv-test')
  const path = join(venv, 'bin', 'python')
  const requirements = join(root, 'test/python/requirements.txt')
  const stamp = join(venv, 'requirements.sha256')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (readOrNothing(stamp) === wanted) return { path }

  rmSync(venv, { recursive: true, force: true })
  if ((await commands.run(python, ['-c', 'import ensurepip'], minutes)).exitCode !== 0) {
    if (!mayInstall || !machine.isRoot || machine.aptGet === undefined) {
      return { missing: 'python3 has no pip to make an environment with (python3-venv)' }
    }
    const error = await aptInstall(machine.aptGet, 'python3-venv', commands)
    if (error !== undefined) return { broken: error }
  }
  for (const [command, ...args] of [
    [python, '-m', 'venv', venv],
    [path, '-m', 'pip', 'install', '--quiet', '--no-input', '--requirement', requirements],
  ] as const) {
    const { exitCode, output } = await commands.run(command, args, 10 * minutes)
    if (exitCode !== 0) return { broken: `${command} ${args.join(' ')}\n${output}` }
  }
  writeFileSync(stamp, wanted)
  return { path }
}

/** Finds a chromium; in CI on Debian, installs it first. */
export async function provideChromium(
  machine: Machine,
  mayInstall: boolean,
  commands: Commands,
): Promise<Provided> {
  if (machine.chromium !== undefined) return { path: machine.chromium }
  if (!mayInstall || !machine.isRoot || machine.aptGet === undefined) {
    return { missing: 'there is no chromium' }
  }
  const error = await aptInstall(machine.aptGet, 'chromium', commands)
  return error === undefined ? { path: '/usr/bin/chromium' } : { broken: error }
}

/** Tests look for it by themselves, and skip where it is not. The words of what went wrong, if anything did. */
export async function provideRedis(
  machine: Machine,
  mayInstall: boolean,
  commands: Commands,
): Promise<string | undefined> {
  const { redis, isRoot, aptGet } = machine
  if (redis !== undefined || !mayInstall || !isRoot || aptGet === undefined) return undefined
  return aptInstall(aptGet, 'redis-server', commands)
}

async function aptInstall(
  aptGet: string,
  name: string,
  commands: Commands,
): Promise<string | undefined> {
  const options = ['--quiet', '--quiet', '--yes', '--no-install-recommends']
  for (const args of [
    ['update', '--quiet'],
    ['install', ...options, name],
  ]) {
    const { exitCode, output } = await commands.run(
      'env',
      ['DEBIAN_FRONTEND=noninteractive', aptGet, ...args],
      10 * minutes,
    )
    if (exitCode !== 0) return `${aptGet} ${args.join(' ')}\n${output}`
  }
  return undefined
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
