/** From the bytes of a model to a session. Holds the thread. */
import { fail } from '../../errors.ts'
import { check, OrtFailure, type Pointer } from './c-api.ts'
import { inFewWords } from './library-words.ts'
import type { NativeObjects } from './native-objects.ts'

export interface SessionSource {
  readonly environment: Pointer
  /** Gone afterwards: the library keeps what it needs of them, and large ones are freed at once. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly options: Pointer
  /** Whose name is left out of what the library says. */
  readonly folder: string
}

/** Fails with MODEL_UNREADABLE. */
export function createSession(native: NativeObjects, source: SessionSource): Pointer {
  try {
    return native.editor === undefined ? inOneStep(native, source) : inTwoSteps(native, source)
  } catch (thrown) {
    if (!(thrown instanceof OrtFailure)) throw thrown
    const words = inFewWords(thrown.message.replaceAll(`${source.folder}/`, ''))
    throw fail('MODEL_UNREADABLE', { problem: `ONNX Runtime cannot load it: ${words}` }, thrown)
  } finally {
    free(source.bytes)
  }
}

/** Frees the bytes between reading and preparing, which takes the weights a second time. */
function inTwoSteps(
  native: NativeObjects,
  { environment, bytes, options }: SessionSource,
): Pointer {
  const { api, editor } = native
  const session = native.make('session', (out) =>
    editor!.CreateModelEditorSessionFromArray(environment, bytes, bytes.byteLength, options, out),
  )
  free(bytes)
  try {
    check(api, editor!.FinalizeModelEditorSession(session, options, null))
    return session
  } catch (thrown) {
    native.release('session', session)
    throw thrown
  }
}

function inOneStep(native: NativeObjects, { environment, bytes, options }: SessionSource): Pointer {
  return native.make('session', (out) =>
    native.api.CreateSessionFromArray(environment, bytes, bytes.byteLength, options, out),
  )
}

/** Not when garbage is collected, but now. Smaller ones may lie in a buffer that others share. */
export function free({ buffer }: Uint8Array<ArrayBuffer>): void {
  if (buffer.byteLength >= 2 ** 20) buffer.transfer(0)
}
