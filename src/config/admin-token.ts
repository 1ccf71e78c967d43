/** The token that managing a server takes: what it is, never who may use it. */

import type { Environment } from './layers.ts'
import { type LoadedServerConfig, type ReadFile, readTextFile, whyUnreadable } from './load.ts'
import { ConfigError } from './problem.ts'

/**
 * The token, or undefined where none is set. It comes from --admin-token-file, SLUICE_ADMIN_TOKEN,
 * or the key of the file, in this order; white space around it does not count. Kept apart from the
 * configuration, which is shown. Fails with a ConfigError for a file that has none.
 */
export function loadAdminToken(
  { config, origins }: LoadedServerConfig,
  env: Environment = process.env,
  readFile: ReadFile = readTextFile,
): string | undefined {
  const origin = origins.get('adminTokenFile')!
  const spoken = env.SLUICE_ADMIN_TOKEN?.trim()
  if (origin.source !== 'flag' && spoken) return check(spoken, 'SLUICE_ADMIN_TOKEN')
  if (config.adminTokenFile === undefined) return undefined
  let text: string
  try {
    text = readFile(config.adminTokenFile)
  } catch (thrown) {
    const message = `"${config.adminTokenFile}": ${whyUnreadable(thrown)}`
    throw new ConfigError([{ where: origin.name, message }])
  }
  return check(text.trim(), origin.name)
}

function check(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  const message =
    token === '' ? 'the file has no token' : 'a token is one word of printable ASCII characters'
  throw new ConfigError([{ where, message, hint: 'make one with: openssl rand -hex 32' }])
}
