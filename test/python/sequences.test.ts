/** Sequences by Triton's own Python client, as its examples send them, against the real server. */
import { after, before, describe } from 'node:test'
import { accumulatorModel, accumulatorPbtxt } from '../e2e/accumulator.ts'
import { modelFolder } from '../e2e/models.ts'
import { type Server, startServer } from '../e2e/server.ts'
import { type Line, runCases, testCases } from './cases.ts'

/** The cases of `sequences.py`, each of which is a test here. */
const cases = [
  'two sequences in turn',
  'many sequences at once',
  'refusals in words',
  'the configuration',
  'the asyncio client',
]

describe('tritonclient and a model with sequences', () => {
  let server: Server
  let lines: readonly Line[]

  before(async () => {
    const folder = modelFolder({
      'accumulator/config.pbtxt': accumulatorPbtxt('max_sequence_idle_microseconds: 60000000'),
      'accumulator/1/model.onnx': accumulatorModel(),
    })
    server = await startServer([folder])
    lines = await runCases('sequences.py', [`127.0.0.1:${server.port}`])
  })
  after(() => server.process.end())

  testCases(cases, () => lines)
})
