/**
 * The functions of ONNX Runtime's C API that are used here, bound by their place in its table.
 *
 * The table (`OrtApi` in onnxruntime_c_api.h) is append-only by contract: the place of a function
 * never changes, and a newer library serves the table of an older version. Pointers are bigints;
 * where the library writes a pointer or a number, it is given a typed array to write to.
 * All but a few functions return a status: 0 for success, else an object that `check` turns into
 * an `OrtFailure` and releases.
 */
import koffi, { type LibraryHandle } from 'koffi'

const pointer = 'void *'
const string = 'const char *'
const size = 'size_t'
const int = 'int'
const status = pointer

/** Name: place in the table, what it returns, what it takes. */
const table = {
  GetErrorCode: [1, int, [pointer]],
  GetErrorMessage: [2, string, [pointer]],
  CreateSession: [7, status, [pointer, string, pointer, pointer]],
  CreateSessionFromArray: [8, status, [pointer, pointer, size, pointer, pointer]],
  Run: [9, status, [pointer, pointer, pointer, pointer, size, pointer, size, pointer]],
  CreateSessionOptions: [10, status, [pointer]],
  SetSessionExecutionMode: [13, status, [pointer, int]],
  EnableProfiling: [14, status, [pointer, string]],
  EnableMemPattern: [16, status, [pointer]],
  DisableMemPattern: [17, status, [pointer]],
  EnableCpuMemArena: [18, status, [pointer]],
  DisableCpuMemArena: [19, status, [pointer]],
  SetSessionLogSeverityLevel: [22, status, [pointer, int]],
  SetSessionGraphOptimizationLevel: [23, status, [pointer, int]],
  SetIntraOpNumThreads: [24, status, [pointer, int]],
  SetInterOpNumThreads: [25, status, [pointer, int]],
  CreateRunOptions: [39, status, [pointer]],
  RunOptionsSetTerminate: [46, status, [pointer]],
  RunOptionsUnsetTerminate: [47, status, [pointer]],
  CreateTensorAsOrtValue: [48, status, [pointer, pointer, size, int, pointer]],
  CreateTensorWithDataAsOrtValue: [
    49,
    status,
    [pointer, pointer, size, pointer, size, int, pointer],
  ],
  GetTensorMutableData: [51, status, [pointer, pointer]],
  GetStringTensorDataLength: [53, status, [pointer, pointer]],
  GetStringTensorContent: [54, status, [pointer, pointer, size, pointer, size]],
  GetDimensionsCount: [61, status, [pointer, pointer]],
  GetDimensions: [62, status, [pointer, pointer, size]],
  GetTensorTypeAndShape: [65, status, [pointer, pointer]],
  CreateCpuMemoryInfo: [69, status, [int, int, pointer]],
  GetAllocatorWithDefaultOptions: [78, status, [pointer]],
  AddFreeDimensionOverride: [79, status, [pointer, string, 'int64']],
  ReleaseEnv: [92, 'void', [pointer]],
  ReleaseStatus: [93, 'void', [pointer]],
  ReleaseMemoryInfo: [94, 'void', [pointer]],
  ReleaseSession: [95, 'void', [pointer]],
  ReleaseValue: [96, 'void', [pointer]],
  ReleaseRunOptions: [97, 'void', [pointer]],
  ReleaseTensorTypeAndShapeInfo: [99, 'void', [pointer]],
  ReleaseSessionOptions: [100, 'void', [pointer]],
  CreateEnvWithGlobalThreadPools: [119, status, [int, string, pointer, pointer]],
  DisablePerSessionThreads: [120, status, [pointer]],
  CreateThreadingOptions: [121, status, [pointer]],
  ReleaseThreadingOptions: [122, 'void', [pointer]],
  AddFreeDimensionOverrideByName: [124, status, [pointer, string, 'int64']],
  GetAvailableProviders: [125, status, [pointer, pointer]],
  ReleaseAvailableProviders: [126, status, [pointer, int]],
  AddSessionConfigEntry: [130, status, [pointer, string, string]],
  SetGlobalIntraOpNumThreads: [147, status, [pointer, int]],
  SetGlobalInterOpNumThreads: [148, status, [pointer, int]],
  SetGlobalSpinControl: [149, status, [pointer, int]],
  SessionOptionsAppendExecutionProvider_TensorRT_V2: [170, status, [pointer, pointer]],
  CreateTensorRTProviderOptions: [171, status, [pointer]],
  UpdateTensorRTProviderOptions: [172, status, [pointer, pointer, pointer, size]],
  ReleaseTensorRTProviderOptions: [174, 'void', [pointer]],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, status, [pointer, pointer]],
  CreateCUDAProviderOptions: [205, status, [pointer]],
  UpdateCUDAProviderOptions: [206, status, [pointer, pointer, pointer, size]],
  ReleaseCUDAProviderOptions: [208, 'void', [pointer]],
  SessionOptionsAppendExecutionProvider: [216, status, [pointer, string, pointer, pointer, size]],
  GetResizedStringTensorElementBuffer: [252, status, [pointer, size, size, pointer]],
  SetDeterministicCompute: [273, status, [pointer, 'bool']],
  GetModelEditorApi: [291, pointer, []],
} as const satisfies Table

/** The same of `OrtModelEditorApi`: here a session is made in two steps, reading and preparing. */
const editorTable = {
  CreateModelEditorSessionFromArray: [16, status, [pointer, pointer, size, pointer, pointer]],
  FinalizeModelEditorSession: [19, status, [pointer, pointer, pointer]],
} as const satisfies Table

type Table = Readonly<Record<string, readonly [number, string, readonly string[]]>>

export type Pointer = bigint
type Argument = Pointer | number | boolean | string | ArrayBufferView | null

export interface NativeFunction<Result> {
  (...args: Argument[]): Result
  /** Runs on a thread of libuv's pool. On the main thread only. */
  async(...args: [...Argument[], (error: unknown, result: Result) => void]): void
}

type ResultOf<Type> = Type extends 'void *'
  ? Pointer | null
  : Type extends 'const char *'
    ? string
    : Type extends 'int'
      ? number
      : undefined

type Bound<Functions extends Table> = {
  readonly [Name in keyof Functions]: NativeFunction<ResultOf<Functions[Name][1]>>
}

export type CApi = Bound<typeof table>
export type EditorApi = Bound<typeof editorTable>

/** The first version whose table holds every function above. */
const tableVersion = 22

export interface Library {
  readonly version: string
  readonly api: CApi
  /** Builds for small devices have none. */
  readonly editor: EditorApi | undefined
  /** To be kept: the library is closed, under the feet of its functions, once this is collected. */
  readonly handle: LibraryHandle
}

/** Opens a `libonnxruntime` by its path. Every thread opens it for itself; the library is one. */
export function openLibrary(path: string): Library {
  // from 1.29 on it writes an id into the user's home and sends its makers what it is used for,
  // unless it is told not to before it begins
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const library = koffi.load(path)
  const base = library.func('OrtGetApiBase', pointer, [])() as Pointer
  const [getApi, getVersion] = koffi.decode(base, koffi.array(pointer, 2)) as [Pointer, Pointer]
  const version = callable<string>(getVersion, string, [])()
  const api = callable<Pointer | null>(getApi, pointer, ['uint32'])(tableVersion)
  if (api === null || api === 0n) {
    throw new Error(
      `ONNX Runtime ${version} is too old: the table of API version ${tableVersion} is needed`,
    )
  }
  const bound: CApi = bind(table, api)
  const editor = bound.GetModelEditorApi()
  return {
    version,
    api: bound,
    editor: editor === null || editor === 0n ? undefined : bind(editorTable, editor),
    handle: library,
  }
}

/** A failed call, in the library's own words: for the log, since it may name paths. */
export class OrtFailure extends Error {
  override readonly name = 'OrtFailure'
  /** OrtErrorCode: 2 is an invalid argument, 3 a missing file, 7 a broken protobuf. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Throws what a status says. */
export function check(api: CApi, status: Pointer | null): void {
  if (status !== null && status !== 0n) throw failureOf(api, status)
}

/** What a status says. Releases it. */
export function failureOf(api: CApi, status: Pointer): OrtFailure {
  const failure = new OrtFailure(api.GetErrorCode(status), api.GetErrorMessage(status))
  api.ReleaseStatus(status)
  return failure
}

function bind<Functions extends Table>(functions: Functions, address: Pointer): Bound<Functions> {
  const bound: Record<string, unknown> = {}
  for (const [name, [place, result, args]] of Object.entries(functions)) {
    const entry = koffi.decode(address, place * koffi.sizeof(pointer), pointer) as Pointer
    bound[name] = callable(entry, result, args)
  }
  return bound as Bound<Functions>
}

function callable<Result>(
  address: Pointer,
  result: string,
  args: readonly string[],
): NativeFunction<Result> {
  return koffi.decode(address, koffi.proto(result, [...args])) as NativeFunction<Result>
}
