/** Threads use the code that this process has compiled before, or they take twice as long to start. */
import module from 'node:module'

/** The environment of a thread, which has no other way to learn of the folder. */
export function withCompileCache(): NodeJS.ProcessEnv {
  const folder = module.getCompileCacheDir()
  return folder === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: folder }
}
