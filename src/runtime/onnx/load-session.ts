/** From a model file to a session, off the event loop. */
import { dirname } from 'node:path'
import { fail } from '../../errors.ts'
import { encodeOnnx, type OnnxModel } from '../../onnx/index.ts'
import { check, OrtFailure, type Pointer } from './c-api.ts'
import type { Environment } from './environment.ts'
import { inFewWords } from './library-words.ts'
import type { ChosenProviders } from './providers.ts'
import { makeSessionOptions, type OnnxConfig } from './session-options.ts'

export interface SessionSource {
  /** The model's own file. */
  readonly path: string
  /** A changed model to load in place of the file's. */
  readonly rewritten: OnnxModel | undefined
  readonly config: OnnxConfig
}

export interface LoadedSession {
  readonly handle: Pointer
  readonly providers: ChosenProviders
}

export async function loadSession(
  environment: Environment,
  { path, rewritten, config }: SessionSource,
): Promise<LoadedSession> {
  const { api, ledger } = environment
  const options = makeSessionOptions(environment, config)
  const out = new BigUint64Array(1)
  try {
    if (rewritten === undefined) {
      const status = await promised(
        api.CreateSession,
        environment.handle,
        path,
        options.handle,
        out,
      )
      check(api, status)
    } else {
      // bytes have no folder of their own: external data is looked for beside the file
      const folder = dirname(path)
      check(api, api.AddSessionConfigEntry(options.handle, externalDataFolder, folder))
      const bytes = encodeOnnx(rewritten)
      const status = await promised(
        api.CreateSessionFromArray,
        environment.handle,
        bytes,
        bytes.byteLength,
        options.handle,
        out,
      )
      check(api, status)
    }
  } catch (thrown) {
    if (!(thrown instanceof OrtFailure)) throw thrown
    const problem = `ONNX Runtime cannot load it: ${inFewWords(thrown.message.replaceAll(`${dirname(path)}/`, ''))}`
    throw fail('MODEL_UNREADABLE', { problem }, thrown)
  } finally {
    environment.release('sessionOptions', options.handle)
  }
  ledger.made('session')
  return { handle: out[0]!, providers: options.providers }
}

const externalDataFolder = 'session.model_external_initializers_file_folder_path'

type Async<Result> = {
  async(...args: [...never[], (error: unknown, result: Result) => void]): void
}

function promised<Result>(call: Async<Result>, ...args: readonly unknown[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown, result: Result) => (error ? reject(error) : resolve(result))
    ;(call.async as (...all: unknown[]) => void)(...args, settle)
  })
}
