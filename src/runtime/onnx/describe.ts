/** What `sluice doctor` says of an ONNX Runtime, without starting one. */
import { openLibrary } from './c-api.ts'
import { bundledLibraryPath } from './library-path.ts'
import { listProviders } from './native-objects.ts'

export interface LibraryDescription {
  readonly path: string
  readonly version: string
  readonly providers: readonly string[]
}

/** Throws when it cannot be opened. */
export function describeLibrary(path: string = bundledLibraryPath()): LibraryDescription {
  const library = openLibrary(path)
  return { path, providers: listProviders(library.api), version: library.version }
}
