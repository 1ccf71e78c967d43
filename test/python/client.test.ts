/** Triton's own Python client, as its users have it, against the real server. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { addModel, identityModel } from '../../src/onnx/testing.ts'
import { DATATYPES } from '../../src/tensor/index.ts'
import { type Server, startServer } from '../e2e/server.ts'
import { type Line, runCases, testCases } from './cases.ts'

const root = join(import.meta.dirname, '../..')

/** The cases of `client.py`, each of which is a test here. */
const cases = [
  'health and metadata',
  'an unknown model',
  'statistics',
  'iris in bytes and JSON, both ways',
  'iris with nothing said of the outputs',
  'every datatype, both ways',
  'brain floats',
  'text by JSON',
  'no rows',
  'several inputs in any order',
  'compression both ways',
  'refusals in words',
  'many requests at once',
  'the asyncio client',
  'the model repository',
  'a model that is sent',
]

describe('tritonclient gets what it expects', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-python-'))
  let server: Server
  let lines: readonly Line[]

  before(async () => {
    const control = ['--model-control-mode', 'explicit', '--load-model', '*']
    server = await startServer([modelsIn(folder), ...control])
    const data = join(root, 'examples/data/iris.json')
    const echo = join(folder, 'echo-fp32.onnx')
    lines = await runCases('client.py', [`127.0.0.1:${server.port}`, data, echo])
  })
  after(async () => {
    await server.process.end()
    rmSync(folder, { recursive: true })
  })

  testCases(cases, () => lines)
})

function modelsIn(folder: string): string {
  cpSync(join(root, 'examples/models/iris'), join(folder, 'iris'), { recursive: true })
  for (const datatype of DATATYPES) {
    const model = identityModel(datatype, ['rows', 2])
    writeFileSync(join(folder, `echo-${datatype.toLowerCase()}.onnx`), model)
  }
  writeFileSync(join(folder, 'sum.onnx'), addModel('FP32', ['rows', 2]))
  return folder
}
