/** What a runtime is given in place of a model's files: all of the model in memory. */
import { checkState } from './external.ts'
import { type Parts, tensorsOf } from './graph.ts'
import { type ExternalRead, readHoles } from './holes.ts'
import { externalPart } from './initializers.ts'
import { encodeOnnx, type OnnxModel } from './model.ts'
import { inOnePiece } from './one-piece.ts'
import { maxFileBytes } from './read.ts'

export interface WholeModel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** External data that was read. */
  readonly files: readonly ExternalRead[]
  /**
   * Only where protobuf, whose end is at 2 GiB, cannot hold the external data: the runtime has to
   * read it by itself. To be called when it has; fails with MODEL_UNREADABLE where the files are
   * not any more what the digests tell of.
   */
  readonly checkOnDisk?: () => void
}

export interface WholeOptions {
  /** The bytes of the model's file, where they are still the model's. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined
  /** Called between pieces of reading; what it throws ends it. */
  readonly between: () => void
  readonly mostBytes?: number | undefined
}

/**
 * The parts are those of this model, with which preflight has found nothing wrong. Holds the thread.
 * Fails with MODEL_UNREADABLE where a file is gone, outside, or too short by now.
 */
export function wholeModel(
  model: OnnxModel,
  parts: Parts,
  { bytes, between, mostBytes = maxFileBytes }: WholeOptions,
): WholeModel {
  const outside = tensorsOf(parts).flatMap((tensor) => externalPart(tensor) ?? [])
  if (outside.length === 0) return { bytes: bytes ?? encodeOnnx(model), files: [] }
  const needed = outside.reduce((sum, { length }) => sum + length + headBytes, model.fileBytes)
  if (needed <= mostBytes) return inOnePiece(model, parts, between)

  const nothing = new Uint8Array(0)
  const holes = outside.map((part) => ({ ...part, target: nothing }))
  const files = readHoles(model, holes, between)
  return {
    bytes: bytes ?? encodeOnnx(model),
    files,
    checkOnDisk: () => {
      for (const { location, state } of files) checkState(model.folder ?? '', location, state)
    },
  }
}

/** What the tags and lengths of a tensor may take. */
const headBytes = 32
