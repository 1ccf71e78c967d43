/** What a reload cannot change: the keys that differ and hold from the next start on. */
import { isDeepStrictEqual } from 'node:util'
import { valueAt } from './explain.ts'
import type { ServerConfig } from './server.ts'
import { serverKeys } from './server-keys.ts'

/** The paths of keys, such as `http.port`. */
export function keysThatNeedRestart(before: ServerConfig, after: ServerConfig): readonly string[] {
  return serverKeys
    .map(({ path }) => path)
    .filter((path) => !reloaded.includes(path))
    .filter((path) => {
      const names = path.split('.')
      return !isDeepStrictEqual(valueAt(before, names), valueAt(after, names))
    })
}

/** Keys that say where models are. */
const reloaded: readonly string[] = ['models', 'name', 'modelConfigFile']
