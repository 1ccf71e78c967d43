/** The models that golden exchanges ask: what they answer is exact on any machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addModel, identityModel, zipMapModel } from '../../src/onnx/testing.ts'

const flowers = `
inputs:
  - {name: x, fields: [length, width], minimum: -8, maximum: 8}
labels: [daisy, rose, tulip]
`

/** A folder of models, removed when the process ends. */
export function goldenModels(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-golden-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'flowers/model.onnx': zipMapModel([0, 1, 2]),
    'flowers/model.yaml': flowers,
    'seasons.onnx': zipMapModel(['spring', 'autumn']),
    'sums.onnx': addModel('FP32', ['rows', 2]),
    'text.onnx': identityModel('BYTES', ['rows', 2]),
    'long.onnx': identityModel('INT64', ['rows']),
    'half.onnx': identityModel('FP16', ['rows', 2]),
    'number.onnx': identityModel('FP64', []),
  }
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return folder
}
