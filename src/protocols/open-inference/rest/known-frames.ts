/**
 * The short way for requests that differ in their numbers alone. A client writes the same JSON
 * around the numbers again and again, with them inside or behind it: the frame. What a frame says is
 * remembered with the model that was asked, and is not parsed again where its bytes come back.
 *
 * A frame is learned from a body that was decoded the long way, so that whatever comes out here is
 * what would come out there; where anything differs but the numbers, the long way is taken.
 */
import { decodeInference, type OpenInferenceRequest } from './decode.ts'
import { type Frame, frameOf, isAt } from './frame.ts'

export class KnownFrames {
  /** By whoever was asked; they go with it. */
  readonly #ofModels = new WeakMap<object, FramesOfModel>()

  /** As `decodeInference`. */
  decode(model: object, bytes: Uint8Array, headerLength: string | undefined): OpenInferenceRequest {
    const frames = this.#of(model)
    const recalled = recall(frames, bytes, headerLength)
    if (recalled !== undefined) return recalled
    const decoded = decodeInference(bytes, headerLength)
    learn(frames, bytes, headerLength, decoded)
    return decoded
  }

  #of(model: object): FramesOfModel {
    let frames = this.#ofModels.get(model)
    if (frames === undefined) {
      frames = { known: [], missed: 0 }
      this.#ofModels.set(model, frames)
    }
    return frames
  }
}

interface FramesOfModel {
  /** The newest first. */
  readonly known: Frame[]
  /** Bodies whose frame was not known. */
  missed: number
}

function recall(
  { known }: FramesOfModel,
  bytes: Uint8Array,
  headerLength: string | undefined,
): OpenInferenceRequest | undefined {
  for (const frame of known) {
    if (frame.headerLength !== headerLength || !isAt(bytes, 0, frame.head)) continue
    const inputs = frame.read(bytes)
    if (inputs !== undefined) return frame.request(inputs)
  }
  return undefined
}

function learn(
  frames: FramesOfModel,
  bytes: Uint8Array,
  headerLength: string | undefined,
  decoded: OpenInferenceRequest,
): void {
  // who never sends the same twice should not pay for it each time
  frames.missed += 1
  if (frames.missed > mostFrames && frames.missed % learnEvery !== 0) return
  // nor is anything learned from what is said once
  if (decoded.id !== undefined || decoded.scheduling?.sequence !== undefined) return
  const frame = frameOf(bytes, headerLength, decoded)
  if (frame === undefined) return
  frames.known.unshift(frame)
  if (frames.known.length > mostFrames) frames.known.pop()
}

/** Of one model. */
const mostFrames = 8
const learnEvery = 32
