/** Makes what the benchmarks need and is not in the repository: a Python environment, the models. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { python } from './bare-side.ts'
import { inputsPath, modelPath, modelsFolder, workloads } from './workloads.ts'

export function prepare(): void {
  preparePython()
  prepareModels()
}

function preparePython(): void {
  const wanted = here('requirements.txt')
  const installed = here('.venv/requirements.txt')
  if (existsSync(installed) && readFileSync(wanted).equals(readFileSync(installed))) return
  execFileSync('python3', ['-m', 'venv', here('.venv')], { stdio: 'inherit' })
  execFileSync(python, ['-m', 'pip', 'install', '-q', '-r', wanted], { stdio: 'inherit' })
  copyFileSync(wanted, installed)
}

function prepareModels(): void {
  const script = here('models.py')
  const written = statSync(script).mtimeMs
  const files = Object.values(workloads).flatMap((w) => [modelPath(w), inputsPath(w)])
  if (files.every((file) => existsSync(file) && statSync(file).mtimeMs > written)) return
  execFileSync(python, [script, modelsFolder], { stdio: ['ignore', process.stderr, 'inherit'] })
}

const here = (file: string) => join(import.meta.dirname, file)
