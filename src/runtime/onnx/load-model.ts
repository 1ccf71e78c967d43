/**
 * From a version's files to a session, on a thread that waits for it. Each file is read once, and
 * the session is made of the bytes that were read: what the digests tell of is what is served.
 */
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { fail } from '../../errors.ts'
import type { LoadedFile } from '../../model-source.ts'
import {
  memoryOf,
  parseOnnx,
  partsOf,
  problemsOf,
  readModelBytes,
  signatureOf,
  sizesOf,
  type WholeModel,
  wholeModel,
  withoutZipMap,
} from '../../onnx/index.ts'
import { check } from './c-api.ts'
import { traitsOf } from './graph-traits.ts'
import type { LoadedModel, LoadSource } from './load-job.ts'
import { createSession, free } from './load-session.ts'
import type { NativeObjects } from './native-objects.ts'
import { makeSessionOptions } from './session-options.ts'

export interface LoadTools {
  readonly native: NativeObjects
  /** Called now and then; what it throws ends the loading. */
  readonly between: () => void
  /** What a model may take with all of its weights, where that is less than protobuf can hold. */
  readonly mostBytes?: number
}

/** Fails with MODEL_UNREADABLE, MODEL_UNSUPPORTED or DIGEST_MISMATCH. */
export function loadModel(tools: LoadTools, source: LoadSource): LoadedModel {
  const { bytes, sha256 } = readModelBytes(source.path, tools.between)
  try {
    const own = fileOf(source, source.path, { bytes: bytes.byteLength, sha256 })
    const { whole, ...described } = describe(tools, source, bytes, own)
    if (whole.bytes !== bytes) free(bytes)
    tools.between()
    return { ...described, ...sessionOf(tools, source, whole) }
  } finally {
    free(bytes)
  }
}

/** All but the session. The parts of a model are views of its bytes, so that nothing of them is kept. */
function describe(
  { between, mostBytes }: LoadTools,
  source: LoadSource,
  bytes: Uint8Array<ArrayBuffer>,
  own: LoadedFile,
): Pick<LoadedModel, 'signature' | 'traits' | 'files' | 'memoryBytes'> & {
  readonly whole: WholeModel
} {
  const folder = dirname(source.path)
  const file = parseOnnx(bytes, { name: basename(source.path), folder })
  const parts = partsOf(file)
  const problems = problemsOf(file, parts)
  if (problems.length > 0) throw fail('MODEL_UNSUPPORTED', { problem: problems.join('; ') })

  const rewritten = withoutZipMap(file)
  const model = rewritten ?? file
  const signature = signatureOf(model)
  const inputs = signature.inputs.map(({ name }) => name)
  const traits = traitsOf(model, parts, inputs)
  const asRead = rewritten === undefined ? bytes : undefined
  const whole = wholeModel(model, parts, { bytes: asRead, between, mostBytes })
  const beside = whole.files.map((read) => fileOf(source, join(folder, read.location), read))
  const files = [own, ...beside]
  const fileBytes = files.reduce((sum, each) => sum + each.bytes, 0)
  return { signature, traits, whole, files, memoryBytes: memoryOf(sizesOf(parts, fileBytes)) }
}

/** Fails with DIGEST_MISMATCH where there is a lock that says otherwise. */
function fileOf(
  { folder, lock }: LoadSource,
  file: string,
  { bytes, sha256 }: Omit<LoadedFile, 'path'>,
): LoadedFile {
  const way = relative(folder, file)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    const problem = `${basename(file)} is outside: expected a file in the folder of the model`
    throw fail('MODEL_UNREADABLE', { problem })
  }
  const path = way.split(sep).join('/')
  const expected = lock === undefined ? sha256 : lock.get(path)
  if (sha256 === expected) return { path, bytes, sha256 }
  throw fail('DIGEST_MISMATCH', {
    file: path,
    expected: expected ?? 'of a file that is listed',
    got: sha256,
  })
}

function sessionOf(
  { native }: LoadTools,
  { environment, path, config, threads }: LoadSource,
  { bytes, checkOnDisk }: WholeModel,
): Pick<LoadedModel, 'session' | 'provider' | 'warnings'> {
  const { api } = native
  const folder = dirname(path)
  const { handle: options, providers } = makeSessionOptions(native, config, threads)
  try {
    if (checkOnDisk !== undefined) {
      check(api, api.AddSessionConfigEntry(options, externalDataFolder, folder))
    }
    const session = createSession(native, { environment, bytes, options, folder })
    try {
      checkOnDisk?.()
    } catch (thrown) {
      native.release('session', session)
      throw thrown
    }
    const warnings = checkOnDisk === undefined ? [] : [readFromDisk]
    return { session, provider: providers.first, warnings: [...providers.warnings, ...warnings] }
  } finally {
    native.release('sessionOptions', options)
  }
}

const externalDataFolder = 'session.model_external_initializers_file_folder_path'

const readFromDisk =
  'its external data is larger than 2 GiB, so ONNX Runtime reads it from its files: nothing may be written to them while it is served'
