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

/** For the exchanges that ask models. */
export const askedModels = (): string =>
  folderOf({
    'flowers/model.onnx': zipMapModel([0, 1, 2]),
    'flowers/model.yaml': flowers,
    'seasons.onnx': zipMapModel(['spring', 'autumn']),
    'sums.onnx': addModel('FP32', ['rows', 2]),
    'text.onnx': identityModel('BYTES', ['rows', 2]),
    'long.onnx': identityModel('INT64', ['rows']),
    'half.onnx': identityModel('FP16', ['rows', 2]),
    'number.onnx': identityModel('FP64', []),
  })

/** For the exchanges that change what is served: two versions of one, and one that cannot be loaded. */
export const controlledModels = (): string =>
  folderOf({
    'damaged/1/model.onnx': 'this is no model',
    'sums/1/model.onnx': addModel('FP32', ['rows', 2]),
    'twice/1/model.onnx': identityModel('FP32', ['rows', 2]),
    'twice/2/model.onnx': identityModel('FP32', ['rows', 2]),
  })

/** Removed when the process ends. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-golden-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  return folder
}
