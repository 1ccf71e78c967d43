/** One way to ask a model: a file each, behind one interface. */
import type { Question } from './question.ts'
import type { ServerSplit } from './server-split.ts'

export type Protocol = 'json' | 'oip-json' | 'oip-binary' | 'in-process'

/** `answer` is whatever `Driver.read` understands. */
export type Reply =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly why: string }

export interface Driver {
  readonly protocol: Protocol
  /**
   * Asks the question of this index. `done` is called exactly once, also where the server is gone, and
   * no later than `timeoutMs` after.
   */
  send(question: number, timeoutMs: number, done: (reply: Reply) => void): void
  /**
   * The answer as a tree of objects, arrays and values that can be held against another. Throws where
   * it is none. What differs from answer to answer by right is left out.
   */
  read(answer: unknown): unknown
  /** Begins to tell where time goes in the server; the function returned gives the means since then. */
  split(): Promise<() => Promise<ServerSplit | undefined>>
  close(): Promise<void>
}

/** The questions put in the form that one protocol over HTTP has for them. */
export interface HttpForm {
  readonly protocol: Protocol
  readonly path: string
  encode(question: Question): {
    readonly headers: readonly (readonly [string, string])[]
    readonly body: Uint8Array
  }
  /** As `Driver.read`. `headerLength` is that of the JSON part, where the answer has others. */
  read(body: Uint8Array, headerLength: number | undefined): unknown
  /** Why it was not answered, from the body of a refusal; undefined where that does not tell. */
  reason(body: Uint8Array): string | undefined
}
