import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import type { Conditions } from './allowed.ts'
import { reaches, type Tier } from './suites.ts'

/** The commands that the suites want, found in PATH. */
export interface Machine {
  readonly python: string | undefined
  readonly chromium: string | undefined
  readonly redis: string | undefined
  readonly isRoot: boolean
  readonly aptGet: string | undefined
}

export function lookAround(): Machine {
  return {
    python: findCommand('python3'),
    chromium: findCommand('chromium', 'chromium-browser', 'google-chrome'),
    redis: findCommand('redis-server'),
    isRoot: process.getuid?.() === 0,
    aptGet: findCommand('apt-get'),
  }
}

/** The words that `test/allowed-skips.json` may use for "where". */
export function conditionsOf(machine: Machine, tier: Tier, hasVenv: boolean): Conditions {
  return {
    everywhere: true,
    root: machine.isRoot,
    'not root': !machine.isRoot,
    'not linux': process.platform !== 'linux',
    'no python': !hasVenv,
    'no chromium': machine.chromium === undefined,
    'no redis': machine.redis === undefined,
    'no old node': !hasOldNode(),
    'no mounts': !mayMount(),
    'below ci': !reaches(tier, 'ci'),
    'below full': !reaches(tier, 'full'),
  }
}

/** An executable of PATH, outside this clone's own packages. */
export function findCommand(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes(`${sep}node_modules${sep}`))
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function hasOldNode(): boolean {
  const node = findCommand('node')
  if (node === undefined) return false
  const [major, minor] = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    .stdout.split('.')
    .map(Number)
  return major !== undefined && (major < 22 || (major === 22 && Number(minor) < 18))
}

/** Whether a process may mount something that it alone sees. */
function mayMount(): boolean {
  const words = ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']
  return spawnSync('unshare', words, { stdio: 'ignore' }).status === 0
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
