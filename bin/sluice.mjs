#!/usr/bin/env node
/**
 * Starts `sluice`: the compiled code in the package, the sources in a clone.
 * The syntax here is old on purpose, so that an old Node prints a sentence and not a SyntaxError.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithParent } from './parent.mjs'
import { relay } from './relay.mjs'

const oldest = { major: 22, minor: 18 }
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const inClone = existsSync(here('../src/main.ts'))

if (inClone && !existsSync(here('../node_modules/.package-lock.json'))) setUp()

const isRelayed = process.env.RELAYED_BY === String(process.ppid)
if (isRelayed || process.env.npm_lifecycle_event === 'npx') endWithParent()

if (runs(process.versions.node)) {
  keepCompiled()
  void import(inClone ? '../src/main.ts' : '../dist/main.js')
} else if (inClone) {
  relay(here('../node_modules/node/bin/node'), [here('./sluice.mjs')].concat(process.argv.slice(2)))
} else {
  process.stderr.write(
    `sluice needs Node ${oldest.major}.${oldest.minor} or newer, this is ${process.versions.node}: ` +
      'install a newer one from https://nodejs.org, or run `npx --package node@24 --package sluice sluice`\n',
  )
  process.exitCode = 2
}

function runs(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor)
}

/**
 * Halves the time to start (470 to 250 ms of `sluice --version` in a clone). The folder is the
 * user's own and not the shared /tmp of Node's default, where another user could lay code into it.
 * Made here, a level at a time: Node 24 loops for ever over a folder that cannot be made in /proc.
 */
function keepCompiled() {
  if (process.env.NODE_COMPILE_CACHE !== undefined) return
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(caches, 'sluice')
  try {
    for (const level of [caches, folder]) if (!existsSync(level)) mkdirSync(level, { mode: 0o700 })
    accessSync(folder, constants.W_OK)
  } catch {
    return
  }
  module.enableCompileCache(folder)
}

function setUp() {
  // Its words go to stderr: stdout belongs to the command's own output.
  const { status } = spawnSync(process.execPath, [here('../scripts/setup.mjs')], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(1)
}
