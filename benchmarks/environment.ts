/** Where and with what the numbers were taken. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { python } from './bare-side.ts'

export function environment(script: string) {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', dirname(script), ...args], { encoding: 'utf8' }).trim()
  const ort = join(import.meta.dirname, '../node_modules/onnxruntime-node/package.json')
  const pythonOrt = 'import onnxruntime; print(onnxruntime.__version__)'
  return {
    date: new Date().toISOString(),
    git: git('rev-parse', 'HEAD'),
    changedFiles: git('status', '--porcelain', '--untracked-files=no').split('\n').filter(Boolean),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    loadAverage: loadavg(),
    node: process.version,
    onnxruntimeNode: (JSON.parse(readFileSync(ort, 'utf8')) as { version: string }).version,
    onnxruntimePython: execFileSync(python, ['-c', pythonOrt], { encoding: 'utf8' }).trim(),
  }
}

/** In one line. */
export function told(e: Environment): string {
  const changed = e.changedFiles.length > 0 ? `, ${e.changedFiles.length} files changed` : ''
  return `${e.date.slice(0, 10)}, ${e.git.slice(0, 12)}${changed}; ${e.cores} cores of ${e.cpu}, Linux ${e.kernel}, Node ${e.node}, ONNX Runtime ${e.onnxruntimeNode} (Python: ${e.onnxruntimePython})`
}

export type Environment = ReturnType<typeof environment>
