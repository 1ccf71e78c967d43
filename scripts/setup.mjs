/**
 * Installs the npm packages when those on disk are not the ones in package-lock.json.
 * Runs before `npm start` and `npm test`, on whatever Node (20 or newer) the machine has.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

if (!isInstalled()) install()

/** Compares contents and not times: a checkout touches files, and `npm install` is as good as `npm ci`. */
function isInstalled() {
  if (!existsSync(join(root, 'node_modules/node/bin/node'))) return false
  const installed = packages('node_modules/.package-lock.json')
  const wanted = packages('package-lock.json')
  if (installed === undefined || wanted === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const present = installed[path]
    if (present === undefined) return entry.optional === true
    return present.version === entry.version && present.integrity === entry.integrity
  })
}

function packages(lockFile) {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages
  } catch {
    return undefined
  }
}

function install() {
  const started = Date.now()
  process.stdout.write('Installing npm packages … ')
  // Only errors are worth a line: that the machine's Node is older than `engines` is no concern,
  // since the packages bring the Node that runs Sluice. An npm older than 11.16 knows no
  // `allowScripts`; the variable keeps onnxruntime-node from fetching GPU libraries there.
  const npm = spawnSync(
    'npm',
    ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--ignore-scripts=false'],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      env: { ...process.env, PATH: outerPath(), ONNXRUNTIME_NODE_INSTALL: 'skip' },
    },
  )
  if (npm.status === 0 && isInstalled()) {
    process.stdout.write(`done in ${((Date.now() - started) / 1000).toFixed(0)} s\n`)
    return
  }
  process.stdout.write('failed\n')
  process.stderr.write(`${npm.error?.message ?? ''}${npm.stdout ?? ''}${npm.stderr ?? ''}\n`)
  process.stderr.write(
    'sluice: the packages of package-lock.json could not be installed.\n' +
      `  expected: \`npm ci\` in ${root} to succeed\n` +
      `  got:      ${outcome(npm)}\n` +
      '  hint:     is the npm registry reachable (`npm ping`), and is the disk full?\n',
  )
  process.exit(1)
}

/** PATH without this clone's node_modules, whose `node` `npm ci` is about to delete. */
function outerPath() {
  const own = join(root, 'node_modules') + sep
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.startsWith(own))
    .join(delimiter)
}

function outcome(npm) {
  if (npm.error) return `npm did not start (${npm.error.code})`
  if (npm.signal) return `npm was ended by ${npm.signal}`
  if (npm.status === 0) return 'npm left the packages incomplete'
  return `npm exited with code ${npm.status}, its words are above`
}
