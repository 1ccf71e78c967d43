/** What a load thread is asked, and what it answers: plain values, since they cross between threads. */

import type { Facts, Reason } from '../../errors.ts'
import type { LoadedFile, ModelSource } from '../../model-source.ts'
import type { Signature } from '../../signature.ts'
import type { Pointer } from './c-api.ts'
import type { GraphTraits } from './graph-traits.ts'
import type { LedgerCounts } from './ledger.ts'
import type { OnnxConfig } from './session-options.ts'

export interface LoadThreadData {
  /** Path of the `libonnxruntime`. */
  readonly library: string
  readonly priority: 'low' | 'usual'
}

export interface LoadSource extends Pick<ModelSource, 'folder' | 'path' | 'lock'> {
  readonly config: OnnxConfig
  /** How many one run may have. */
  readonly threads: number
  /** That the session is to be made in. */
  readonly environment: Pointer
}

export type LoadJob =
  | {
      readonly kind: 'load'
      readonly source: LoadSource
      /** Becomes 1 when nobody waits for it any more. */
      readonly givenUp: Int32Array<SharedArrayBuffer>
    }
  | { readonly kind: 'estimate'; readonly path: string }
  | { readonly kind: 'end' }

export interface LoadedModel {
  readonly session: Pointer
  readonly signature: Signature
  readonly traits: GraphTraits
  readonly provider: string
  readonly files: readonly LoadedFile[]
  readonly memoryBytes: number
  readonly warnings: readonly string[]
}

export interface LoadAnswer {
  /** Native objects made and released meanwhile. */
  readonly counts: LedgerCounts
  readonly outcome:
    | { readonly kind: 'loaded'; readonly model: LoadedModel }
    | { readonly kind: 'estimated'; readonly bytes: number }
    | {
        readonly kind: 'failed'
        readonly reason: Reason
        readonly facts: Facts
        readonly cause: unknown
      }
}
