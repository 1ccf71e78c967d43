/** Where the ONNX Runtime that comes with the npm package lies on this machine. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail } from '../../errors.ts'

export function bundledLibraryPath(
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  const file = fileNames[platform]
  const home = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const path = join(home, 'bin', 'napi-v6', platform, arch, file ?? '')
  if (file === undefined || !existsSync(path)) {
    throw fail('MODEL_UNSUPPORTED', {
      problem: `no ONNX Runtime for ${platform} ${arch} comes with this package`,
      hint: 'name a libonnxruntime of your own by onnx.library in sluice.yaml',
    })
  }
  return path
}

const fileNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
}
