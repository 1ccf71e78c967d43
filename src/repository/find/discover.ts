/** What there is on some paths, once: for commands that do not serve. */
import { basename, extname } from 'node:path'
import { fail } from '../../errors.ts'
import type { ReadModel } from '../model/model-folder.ts'
import type { LostRoot } from '../source.ts'
import { LocalSource } from './local-source.ts'

/** In the order of names. A path that cannot be read is found as a model that cannot be served. */
export async function discover(
  paths: readonly string[],
  name?: string,
): Promise<readonly ReadModel[]> {
  const { models, lost } = await new LocalSource({ paths, name }).scan()
  return [...models, ...lost.map(modelOfLost)]
}

/** A path that cannot be read, as a model that cannot be served. */
export function modelOfLost({ root, why, name = stemOf(root) }: LostRoot): ReadModel {
  const spec = fail('MODEL_UNREADABLE', { problem: `${basename(root)}: ${why}` })
  return { name, root, spec, layout: 'file', folders: [] }
}

const stemOf = (path: string): string => basename(path, extname(path))
