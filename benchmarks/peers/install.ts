/** A Python environment for each peer, made on first use, and the versions in it. */
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Peer } from './known.ts'

const environments = join(import.meta.dirname, '../.venv-peers')

export const pythonOf = (peer: Peer): string => join(folderOf(peer), 'bin/python')

/** Fails with what the installer says. */
export async function install(peer: Peer): Promise<void> {
  for (const program of peer.needs ?? []) await demand(program)
  const wanted = join(import.meta.dirname, peer.environment ?? peer.name, 'requirements.txt')
  const installed = join(folderOf(peer), 'requirements.txt')
  if (existsSync(installed) && readFileSync(wanted).equals(readFileSync(installed))) return
  mkdirSync(environments, { recursive: true })
  await run('python3', ['-m', 'venv', '--clear', folderOf(peer)])
  await run(pythonOf(peer), ['-m', 'pip', 'install', '-q', '-r', wanted])
  copyFileSync(wanted, installed)
}

/** As in `fastapi 0.165.0`. */
export async function versionsOf(peer: Peer): Promise<readonly string[]> {
  const script =
    'import sys, importlib.metadata as m; [print(n, m.version(n)) for n in sys.argv[1:]]'
  const { stdout } = await promisify(execFile)(pythonOf(peer), ['-c', script, ...peer.packages])
  return stdout.trim().split('\n')
}

const folderOf = (peer: Peer) => join(environments, peer.environment ?? peer.name)

async function demand(program: string): Promise<void> {
  await promisify(execFile)('which', [program]).catch(() => {
    throw new Error(`it needs ${program}`)
  })
}

async function run(command: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(command, args).catch((cause: Error & { stderr?: string }) => {
    const line = cause.stderr?.split('\n').find((text) => text.startsWith('ERROR'))
    throw new Error(`it does not install: ${line?.slice(0, 300) ?? cause.message}`, { cause })
  })
}
