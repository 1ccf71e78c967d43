#!/usr/bin/env node
/**
 * Starts `sluice`: the compiled code in the package, the sources in a clone.
 * The syntax here is old on purpose, so that an old Node prints a sentence and not a SyntaxError.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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

function setUp() {
  // Its words go to stderr: stdout belongs to the command's own output.
  const { status } = spawnSync(process.execPath, [here('../scripts/setup.mjs')], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(1)
}
