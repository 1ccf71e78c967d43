/** Where state lies when nobody says: under the user's own folder for it. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * `sluice` in `XDG_STATE_HOME`, or in `~/.local/state`. Undefined for a user without a home. A relative
 * path in the variable counts for nothing, as the XDG Base Directory Specification says.
 */
export function defaultStateFolder(
  env: Readonly<Record<string, string | undefined>>,
  home: () => string = homedir,
): string | undefined {
  const named = env.XDG_STATE_HOME ?? ''
  if (isAbsolute(named)) return join(named, 'sluice')
  try {
    const folder = home()
    return isAbsolute(folder) ? join(folder, '.local', 'state', 'sluice') : undefined
  } catch {
    return undefined // no entry in the table of users
  }
}
