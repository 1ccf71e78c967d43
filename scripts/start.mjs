/**
 * `npm start [-- PATH… FLAGS]`: serves PATH, or the example models.
 *
 * There is no process between npm and the server: it runs in this one, and the `exec` in
 * package.json takes npm's shell away. So it gets npm's signals itself, npm waits for its end,
 * and nothing is left when npm or its process group is killed.
 */
import { fileURLToPath } from 'node:url'
import { endWithParent } from '../bin/parent.mjs'

const args = process.argv.slice(2)
const hasConfig =
  process.env.SLUICE_CONFIG !== undefined ||
  args.some((arg) => arg === '--config' || arg.startsWith('--config='))

// Flags win over the environment, so a PATH among the arguments replaces the examples.
if (!hasConfig) {
  process.env.SLUICE_MODELS ??= fileURLToPath(new URL('../examples/models', import.meta.url))
}

// npm runs scripts in the package's folder; a relative PATH means the folder the user is in.
if (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD !== undefined) {
  process.chdir(process.env.INIT_CWD)
}

endWithParent()
const sluice = new URL('../bin/sluice.mjs', import.meta.url)
process.argv.splice(1, Number.POSITIVE_INFINITY, fileURLToPath(sluice), 'serve', ...args)
await import(sluice.href)
