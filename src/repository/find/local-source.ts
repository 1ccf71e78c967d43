/** Models on the disks of this machine. */
import { resolve } from 'node:path'
import { type ListedModel, whyUnreadable } from '../../config/index.ts'
import { fail } from '../../errors.ts'
import { eachAtMost } from '../files/each-at-most.ts'
import { ConfigCache } from '../model/config-cache.ts'
import type { ReadModel } from '../model/model-folder.ts'
import type { LostRoot, Scan, Source } from '../source.ts'
import { emptiedModels } from './emptied.ts'
import { FolderWatch, type WatchedFolder } from './folder-watch.ts'
import { keptNames } from './kept-names.ts'
import { renamed, settleNames } from './names.ts'
import { type RootState, whyGone } from './root-memory.ts'
import { type RootScan, scanRoot } from './scan-root.ts'

export interface LocalSourceOptions {
  /** Model files, model folders and folders of models. */
  readonly paths: readonly string[]
  /** For the only model there is on the paths. */
  readonly name?: string | undefined
  /** Models of a list of TensorFlow Serving, each with a folder of its own. */
  readonly listed?: readonly ListedModel[]
  /** In whose place it comes: what that has seen at the same paths is known. */
  readonly after?: LocalSource | undefined
}

/** A scan whose models say in whose words they lie there. */
export interface LocalScan extends Scan {
  readonly models: readonly ReadModel[]
}

interface Root {
  readonly path: string
  readonly listed?: ListedModel
}

export class LocalSource implements Source {
  readonly #roots: readonly Root[]
  readonly #name: string | undefined
  /** What was seen last, by path. */
  readonly #before: Map<string, Seen>
  readonly #cache = new ConfigCache()
  readonly #watches = new Set<FolderWatch>()
  #folders: readonly WatchedFolder[]

  constructor({ paths, name, listed = [], after }: LocalSourceOptions) {
    this.#before = new Map(after === undefined ? [] : after.#before)
    const given = paths.map((path): Root => ({ path: resolve(path) }))
    this.#roots = [...given, ...listed.map((model) => ({ path: model.basePath, listed: model }))]
    this.#name = name
    this.#folders = []
  }

  /** A look at every file's name and times; only what configures a model is read. */
  async scan(): Promise<LocalScan> {
    const looks = await eachAtMost(ROOTS_AT_ONCE, this.#roots, (root) => this.#look(root))
    const found = looks.flatMap(({ scan }) => scan?.models ?? [])
    const named = this.#name === undefined ? found : onlyNamed(found, this.#name)
    this.#folders = looks.flatMap(watchedFolders)
    this.#cache.keepOnly(new Set(this.#folders.map(({ path }) => path)))
    for (const watch of this.#watches) {
      // what happened in them between the look and the watch was told by nobody
      if (watch.follow(this.#folders)) watch.tell()
    }
    return {
      models: settleNames(named),
      lost: looks.flatMap(({ lost }) => lost ?? []),
      warnings: looks.flatMap(({ scan }) => scan?.warnings ?? []),
    }
  }

  /** Folders are watched as they were found by the last scan, where the system can. */
  watch(onChange: () => void): () => void {
    const watch = new FolderWatch(onChange)
    this.#watches.add(watch)
    watch.follow(this.#folders)
    return () => {
      this.#watches.delete(watch)
      watch.close()
    }
  }

  async #look(root: Root): Promise<Look> {
    try {
      const scan = await scanRoot(root.path, this.#cache, root.listed)
      const before = this.#before.get(root.path)
      const hasModels = scan.models.length > 0 && !scan.empty
      const gone = whyGone(before, { ...scan, hasModels })
      if (gone !== undefined) return this.#lose(root, gone)
      const { identity, isFolder } = scan
      const known = before?.models ?? []
      const named = keptNames(known, scan.models)
      const models = [...named, ...(await emptiedModels(known, named))]
      this.#before.set(root.path, { identity, hasModels, isFolder, models })
      return { root, scan: { ...scan, models } }
    } catch (thrown) {
      // of Node.js for a path with NUL
      const invalid = (thrown as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE'
      if (!invalid && typeof (thrown as NodeJS.ErrnoException).syscall !== 'string') throw thrown
      return this.#lose(root, invalid ? 'it is no path' : whyUnreadable(thrown))
    }
  }

  #lose(root: Root, why: string): Look {
    const name = root.listed?.name ?? this.#name
    return { root, lost: { root: root.path, why, ...(name !== undefined && { name }) } }
  }
}

interface Seen extends RootState {
  readonly models: readonly ReadModel[]
}

interface Look {
  readonly root: Root
  readonly scan?: RootScan
  readonly lost?: LostRoot
}

/** Where there are several, the name stays with a model that is refused: none of them is meant. */
function onlyNamed(found: readonly ReadModel[], name: string): readonly ReadModel[] {
  const [first] = found
  if (first === undefined) return []
  if (found.length === 1) return [renamed(first, name)]
  const spec = fail('MODEL_UNSUPPORTED', {
    problem: `--name is for one model, and ${found.length} were found`,
    hint: 'name each in its model.yaml, or leave --name out',
  })
  return [{ ...first, name, spec }]
}

function watchedFolders({ root, scan }: Look): readonly WatchedFolder[] {
  if (scan === undefined) return []
  const { identity } = scan
  const own = scan.isFolder
    ? { path: root.path, identity }
    : { path: resolve(root.path, '..'), only: root.path }
  const inside = [...scan.models.flatMap(({ folders }) => folders), ...scan.blank]
  return [own, ...inside.filter((path) => path !== root.path).map((path) => ({ path }))]
}

const ROOTS_AT_ONCE = 4
