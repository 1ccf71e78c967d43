/**
 * What is sent in place of what lies on disk: a configuration of Triton in JSON, alone or with all
 * files of a model. Files are written to a private folder and never anywhere else.
 */
import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TritonConfig } from '../config/index.ts'
import { fail, ServingError } from '../errors.ts'
import type { FoundModel, ModelSpec } from '../model-spec.ts'
import { entriesOf } from './files/entries.ts'
import { fingerprintOf } from './files/fingerprint.ts'
import { errorOf, FolderTexts } from './files/folder-texts.ts'
import { LOCK } from './files/lock-file.ts'
import { shownPath, wrongPath } from './files/relative-path.ts'
import { refusedName } from './find/names.ts'
import { configureByTriton } from './model/configure.ts'
import { specOfFolder } from './model/folder-spec.ts'
import { isModelFolder } from './model/model-folder.ts'
import { versionFolders } from './model/version-folders.ts'

export interface WrittenModel {
  readonly spec: ModelSpec
  /** Takes its files away. */
  remove(): Promise<void>
}

export interface SentModel {
  readonly name: string
  /** A model configuration of Triton in JSON. */
  readonly config: string
  /** By their paths from the model's folder: `1/model.onnx`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Where the private folder is made; that of the system for what is temporary, if left out. */
  readonly within?: string
}

/**
 * A model of files that were sent. Nothing is left of them when it fails: with PARAMETER_INVALID for
 * paths that are not of one folder, with MODEL_UNREADABLE and MODEL_UNSUPPORTED for what they hold.
 */
export async function writeModel(sent: SentModel): Promise<WrittenModel> {
  const { name, config, files, within = tmpdir() } = sent
  const nameless = refusedName(name)
  if (nameless !== undefined) throw nameless
  requirePaths([...files.keys()])
  const home = await mkdtemp(join(within, 'sluice-model-'))
    .then((path) => realpath(path))
    .catch(cannotKeep)
  const remove = () => rm(home, { recursive: true, force: true })
  try {
    const folder = join(home, name)
    await writeFiles(folder, files).catch(cannotKeep)
    const texts = new FolderTexts(folder, folder)
    await texts.readIfThere(LOCK)
    return { spec: await readConfigured({ name, folder, bounds: folder, config, texts }), remove }
  } catch (thrown) {
    await remove()
    throw errorOf(thrown, name)
  }
}

/**
 * A model as it lies on disk, with this configuration in place of the files that configure it. Fails
 * with what is wrong with the model, or with the configuration.
 */
export async function withConfig(found: FoundModel, config: string): Promise<ModelSpec> {
  const { name, root, spec } = found
  if (spec instanceof ServingError) throw spec
  const { folder } = spec
  try {
    const isFolder = (await stat(root)).isDirectory()
    const bounds = await realpath(isFolder ? root : dirname(root))
    const texts = new FolderTexts(folder, bounds)
    await texts.readIfThere(LOCK)
    const own = isFolder && isModelFolder(await entriesOf(folder, bounds))
    if (own) return await readConfigured({ name, folder, bounds, config, texts, like: spec })
    return await reconfigured(spec, config, texts)
  } catch (thrown) {
    throw errorOf(thrown, name)
  }
}

interface Folder {
  readonly name: string
  readonly folder: string
  readonly bounds: string
  readonly config: string
  readonly texts: FolderTexts
  /** The model as it is on disk: its versions are those. */
  readonly like?: ModelSpec
}

async function readConfigured({ name, folder, bounds, config, texts, like }: Folder) {
  const entries = await entriesOf(folder, bounds)
  const { counted } = versionFolders(entries, { leadingZeros: like !== undefined })
  const known = new Set(like?.versions.map(({ version }) => version))
  const numbered = counted.filter(({ version }) => like === undefined || known.has(version))
  const triton = await parsed(config)
  const configured = await configureByTriton(triton, { name, texts })
  return specOfFolder({
    name,
    folder,
    entries,
    bounds,
    numbered,
    texts,
    configured,
    besides: config,
  })
}

/** Where the files do not lie in a folder of the model's own: they are the same as before. */
async function reconfigured(spec: ModelSpec, json: string, texts: FolderTexts): Promise<ModelSpec> {
  const triton = await parsed(json)
  const { config, warnings } = await configureByTriton(triton, { name: spec.name, texts })
  const versions = spec.versions.map((version) => {
    const configured = `${version.fingerprint}\0${json}`
    return { ...version, fingerprint: fingerprintOf({ files: [] }, configured) }
  })
  return { ...spec, config, triton, versions, warnings }
}

async function parsed(json: string): Promise<TritonConfig> {
  const { parseTritonConfigJson } = await import('../config/triton/index.ts')
  return parseTritonConfigJson(json, 'config')
}

function requirePaths(paths: readonly string[]): void {
  const expected = "a path within the model's folder"
  for (const path of paths) {
    const wrong = wrongPath(path)
    if (wrong === undefined) continue
    throw fail('PARAMETER_INVALID', {
      parameter: `file:${path.slice(0, 200)}`,
      expected,
      got: wrong.replace(/^it /, 'one that '),
    })
  }
  if (paths.length > MOST_FILES) {
    const got = `${paths.length}`
    throw fail('PARAMETER_INVALID', { parameter: 'file', expected: `at most ${MOST_FILES}`, got })
  }
  const files = new Set(paths)
  const folders = paths.flatMap((path) => above(path).map((folder) => [path, folder] as const))
  const clash = folders.find(([, folder]) => files.has(folder))
  if (clash === undefined) return
  const [path, folder] = clash
  const got = `a file and a folder ${shownPath(folder)}`
  throw fail('PARAMETER_INVALID', { parameter: `file:${path}`, expected, got })
}

/** `a/b` and `a` of `a/b/c`. */
function above(path: string): readonly string[] {
  const steps = path.split('/').slice(0, -1)
  return steps.map((_, at) => steps.slice(0, at + 1).join('/'))
}

async function writeFiles(folder: string, files: SentModel['files']): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  for (const [path, bytes] of files) {
    const place = join(folder, path)
    await mkdir(dirname(place), { recursive: true, mode: 0o700 })
    // never over a file that is there: names may differ by capitals only
    await writeFile(place, bytes, { flag: 'wx', mode: 0o600 })
  }
}

function cannotKeep(cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException
  const why = troubles[code ?? ''] ?? code ?? 'see the log'
  throw fail(
    'MODEL_UNREADABLE',
    { problem: `the files that were sent cannot be kept: ${why}` },
    cause,
  )
}

const troubles: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'no space is left on the disk',
  EROFS: 'the disk cannot be written to',
  EACCES: 'the disk may not be written to',
  EEXIST: 'two of them have the same name on this disk',
  ENAMETOOLONG: 'a name is too long for this disk',
}

const MOST_FILES = 10_000
