/** All that is tried. */
import { configTexts } from './config.ts'
import { onnxFiles } from './onnx.ts'
import { openInferenceBinary, openInferenceJson } from './open-inference.ts'
import { plainCsv, plainJson } from './plain.ts'
import type { Target } from './target.ts'

export const targets: readonly Target[] = [
  plainJson,
  plainCsv,
  openInferenceJson,
  openInferenceBinary,
  configTexts,
  onnxFiles,
]
