/** The texts in a model's folder that configure it. They are small, and read each time. */
import { hash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, whyUnreadable } from '../../config/index.ts'
import { fail, ServingError } from '../../errors.ts'
import { type Entry, lookUp, refuseKind } from './entries.ts'
import { LOCK } from './lock-file.ts'
import { shownPath, wrongPath } from './relative-path.ts'

export const MODEL_YAML = 'model.yaml'
export const CONFIG_PBTXT = 'config.pbtxt'
export const MODEL_SETTINGS = 'model-settings.json'

/** Files whose presence makes a folder that of a model. */
export const CONFIG_FILES: readonly string[] = [MODEL_YAML, CONFIG_PBTXT, MODEL_SETTINGS]

export interface FolderText {
  readonly text: string
  readonly sha256: string
  /** The last change of any kind, in milliseconds since 1970. */
  readonly changedAt: number
}

export class FolderTexts {
  readonly #folder: string
  readonly #bounds: string
  readonly #texts = new Map<string, FolderText>()

  /** `bounds` is a real path that no link may leave. */
  constructor(folder: string, bounds: string) {
    this.#folder = folder
    this.#bounds = bounds
  }

  /** What was read, by the path from the folder. */
  get all(): ReadonlyMap<string, FolderText> {
    return this.#texts
  }

  /** Over the paths and contents of what was read. */
  get digest(): string {
    const lines = [...this.#texts].map(([path, { sha256 }]) => `${sha256} ${path}`)
    return hash('sha256', lines.join('\0'))
  }

  /** The last change of any of them, in milliseconds since 1970; undefined where there is none. */
  get changedAt(): number | undefined {
    const times = [...this.#texts.values()].map(({ changedAt }) => changedAt)
    return times.length === 0 ? undefined : Math.max(...times)
  }

  /** Reads those of the usual files that are there. Fails with MODEL_UNREADABLE. */
  async readUsual(entries: readonly Entry[]): Promise<void> {
    for (const { name, kind } of entries) {
      if (!CONFIG_FILES.includes(name) && name !== LOCK) continue
      const refused = refuseKind(kind, name)
      if (refused !== undefined) throw refused
      if (kind === 'folder') throw unreadable(`${name} is a folder`)
      await this.#read(name)
    }
  }

  /** Reads one more that another names. Fails with MODEL_UNREADABLE. */
  async read(path: string): Promise<void> {
    if (this.#texts.has(path)) return
    const wrong = wrongPath(path)
    if (wrong !== undefined) throw unreadable(`${shownPath(path)} cannot be read: ${wrong}`)
    const kind = await lookUp(join(this.#folder, path), this.#bounds)
    if (kind === 'missing') throw unreadable(`${path} is not there`)
    if (kind === 'folder') throw unreadable(`${path} is a folder`)
    const refused = refuseKind(kind, path)
    if (refused !== undefined) throw refused
    await this.#read(path)
  }

  /** Undefined where there is nothing of that name. Fails as `read` does. */
  async readIfThere(path: string): Promise<string | undefined> {
    if (this.#texts.has(path)) return this.get(path)
    if ((await lookUp(join(this.#folder, path), this.#bounds)) === 'missing') return undefined
    await this.read(path)
    return this.get(path)
  }

  get(path: string): string | undefined {
    return this.#texts.get(path)?.text
  }

  async #read(path: string): Promise<void> {
    try {
      const { bytes, changedAt } = await readSmall(join(this.#folder, path), path)
      const text = bytes.toString('utf8')
      this.#texts.set(path, { text, sha256: hash('sha256', bytes), changedAt })
    } catch (thrown) {
      if (thrown instanceof ServingError) throw thrown
      throw unreadable(`${path}: ${whyUnreadable(thrown)}`)
    }
  }
}

async function readSmall(place: string, path: string) {
  // without O_NONBLOCK the opening of a pipe that came in its place waits for a writer
  const handle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw unreadable(`${path} is no file`)
    if (found.size > MOST_BYTES) throw unreadable(`${path} is larger than ${MOST_BYTES} bytes`)
    return { bytes: await handle.readFile(), changedAt: found.ctimeMs }
  } finally {
    await handle.close()
  }
}

/**
 * Why something of a model could not be read, as what is wrong with the model; `where` says of what.
 * What is no fault of files is thrown on.
 */
export function errorOf(thrown: unknown, where: string): ServingError {
  if (thrown instanceof ServingError) return thrown
  if (thrown instanceof ConfigError) return unreadable(thrown.message.replaceAll('\n', '; '))
  if (typeof (thrown as NodeJS.ErrnoException).syscall !== 'string') throw thrown
  return unreadable(`${where}: ${whyUnreadable(thrown)}`)
}

const unreadable = (problem: string) => fail('MODEL_UNREADABLE', { problem })

const MOST_BYTES = 4 * 2 ** 20
