/** One version: the file to load, and what its files look like from outside. */
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { parseModelSettings } from '../../config/index.ts'
import { fail, type ServingError } from '../../errors.ts'
import type { VersionSpec } from '../../model-spec.ts'
import { type Entry, entriesOf, lookUp, refuseKind } from '../files/entries.ts'
import { changedAt, fingerprintOf, isSealed, type Stamps } from '../files/fingerprint.ts'
import { errorOf, FolderTexts, MODEL_SETTINGS } from '../files/folder-texts.ts'
import { modelAmong, onlyOnnxAmong, refuseFormat } from '../files/formats.ts'
import { shownPath, wrongPath } from '../files/relative-path.ts'
import { stampFolder } from '../files/stamp.ts'

export interface VersionPlace {
  readonly version: string
  /** Its folder. */
  readonly home: string
  /** The way there from the model's folder, with `/` at its end; empty where it is that folder. */
  readonly prefix: string
  /** How it is told of. */
  readonly title: string
  /** A real path that no link may leave. */
  readonly bounds: string
  /** What lies there, where that is known already. */
  readonly entries?: readonly Entry[]
  /** The model's file from there, where it is named. */
  readonly named?: string | undefined
  /** Files that configure the model, by their paths from its folder: they have digests instead. */
  readonly configFiles: ReadonlySet<string>
  /** A digest of what configures the model. */
  readonly configured: string
}

export interface ReadVersion extends VersionSpec {
  /** Undefined where they cannot be told. */
  readonly stamps?: Stamps
}

/** What is wrong with a version is told with it. */
export async function readVersion(place: VersionPlace): Promise<ReadVersion> {
  const { version, home, prefix, bounds, configFiles, configured } = place
  try {
    const entries = place.entries ?? (await entriesOf(home, bounds))
    const stamps = await stampFolder(home, { bounds, prefix, entries })
    const path = await modelPath(place, entries).catch((thrown) => errorOf(thrown, place.title))
    const own = { ...stamps, files: stamps.files.filter((file) => !configFiles.has(file.path)) }
    return {
      version,
      path,
      fingerprint: fingerprintOf(own, configured),
      sealed: typeof path === 'string' && isSealed(own),
      changedAt: changedAt(own),
      stamps,
    }
  } catch (thrown) {
    return unreadVersion(place, errorOf(thrown, place.title))
  }
}

/** A version of which nothing is known but why. */
export function unreadVersion(
  { version, configured }: Pick<VersionPlace, 'version' | 'configured'>,
  error: ServingError,
): ReadVersion {
  const fingerprint = hash('sha256', `${configured}\0${error.message}`).slice(0, 32)
  return { version, path: error, fingerprint, sealed: false }
}

async function modelPath(place: VersionPlace, entries: readonly Entry[]): Promise<string> {
  const { home, title, bounds, prefix } = place
  const named = place.named ?? (await namedBySettings(place, entries))
  if (named !== undefined && !ITSELF.test(named)) return await namedModel(place, named)
  const found = modelAmong(entries) ?? (prefix === '' ? undefined : onlyOnnxAmong(entries))
  if (found === undefined) throw noModel(title, entries)
  const refused = refuseFormat(found.name) ?? refuseKind(found.kind, `${prefix}${found.name}`)
  if (refused !== undefined) throw refused
  const path = join(home, found.name)
  return found.kind === 'folder' ? await modelInside(path, `${title}/${found.name}`, bounds) : path
}

async function namedModel({ home, prefix, title, bounds }: VersionPlace, named: string) {
  const written = named.replace(/^(\.\/)+/, '')
  const wrong = wrongPath(written)
  if (wrong !== undefined) throw unreadable(`${shownPath(named)} is no model file: ${wrong}`)
  const path = join(home, written)
  const kind = await lookUp(path, bounds)
  if (kind === 'missing') {
    throw unreadable(`${title} holds no model file, expected ${shownPath(written)}`)
  }
  const refused = refuseFormat(written) ?? refuseKind(kind, `${prefix}${written}`)
  if (refused !== undefined) throw refused
  return kind === 'folder' ? await modelInside(path, `${title}/${written}`, bounds) : path
}

/** A model with external data may be a folder of its own, as Triton has it. */
async function modelInside(folder: string, title: string, bounds: string): Promise<string> {
  const entries = await entriesOf(folder, bounds)
  const found = modelAmong(entries) ?? onlyOnnxAmong(entries)
  if (found === undefined || found.kind === 'folder') throw noModel(title, entries)
  const refused = refuseFormat(found.name) ?? refuseKind(found.kind, found.name)
  if (refused !== undefined) throw refused
  return join(folder, found.name)
}

/** MLServer's settings may lie with each version. */
async function namedBySettings({ home, prefix, bounds }: VersionPlace, entries: readonly Entry[]) {
  if (prefix === '' || !entries.some(({ name }) => name === MODEL_SETTINGS)) return undefined
  const texts = new FolderTexts(home, bounds)
  await texts.read(MODEL_SETTINGS)
  const settings = parseModelSettings(texts.get(MODEL_SETTINGS)!, `${prefix}${MODEL_SETTINGS}`)
  if (settings.refusal !== undefined) throw settings.refusal
  return settings.uri
}

function noModel(title: string, entries: readonly Entry[]): ServingError {
  const names = entries.map(({ name }) => name)
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ' …' : '')
  const got = names.length === 0 ? 'nothing' : shown
  return unreadable(`${title} holds no model file, expected model.onnx, got ${got}`)
}

/** Names the folder itself. */
const ITSELF = /^\.?\/?$/

const unreadable = (problem: string) => fail('MODEL_UNREADABLE', { problem })
