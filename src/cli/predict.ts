/** `sluice predict`: one prediction, of a model on disk or of a running server. */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import { systemClock } from '../clock.ts'
import { ConfigError, loadServerConfig } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import {
  type AskedModel,
  answerText,
  exampleCommand,
  openLocal,
  openRemote,
  type Problem,
  problemOf,
  type QuestionSources,
  readQuestion,
  targetOf,
  WrongUsage,
} from '../predict/index.ts'
import { type CommandIo, standardIo, tellConfigError } from './io.ts'
import { printable } from './printable.ts'
import { type Progress, progressOn } from './progress.ts'

export interface PredictCommandIo extends CommandIo, QuestionSources {
  readonly progress: Progress
}

interface Options {
  readonly model?: string
  readonly input?: string
  readonly config?: string
  readonly json?: boolean
}

/** Ends with exit code 1 where there is no prediction, with 2 where the command line is wrong. */
export function predictCommand(io: PredictCommandIo = ownIo): Command {
  return new Command('predict')
    .argument('<path-or-url>', 'a model file or folder, or the address of a running server')
    .description('ask a model once: loaded here from disk, or served elsewhere')
    .option('--model <name>', 'which model, where there are several')
    .option('--input <json>', 'the features, or a whole body; @file.json, @file.csv, - for stdin')
    .option('--config <path>', 'the file that may name an ONNX Runtime, in place of ./sluice.yaml')
    .option('--json', 'print the answer as it is; without, numbers are rounded')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        "  $ sluice predict iris.onnx --input '[5.1, 3.5, 1.4, 0.2]'",
        '  $ sluice predict http://127.0.0.1:8000 --model iris --input @rows.csv',
      ].join('\n'),
    )
    .action((target: string, options: Options) => reporting(io, () => run(target, options, io)))
}

async function run(target: string, options: Options, io: PredictCommandIo): Promise<void> {
  const { input, model } = options
  const asked = targetOf(target, model)
  const question = input === undefined ? undefined : await readQuestion(input, io)
  const open = (): Promise<AskedModel> | AskedModel => {
    if (asked.kind === 'server') return openRemote(asked)
    io.progress.say(printable(`loading ${asked.path}`))
    const { onnx } = loadServerConfig({ options: { config: options.config } }).config
    return openLocal({ path: asked.path, model, onnx, clock: systemClock, log: warningsTo(io) })
  }
  const subject = await open()
  try {
    if (question === undefined) {
      const words = model === undefined ? [target] : [target, '--model', model]
      const line = exampleCommand(words, await subject.example())
      throw new WrongUsage('--input is missing: expected what to ask', `for instance: ${line}`)
    }
    io.progress.say('asking')
    const outcome = await subject.ask(question)
    io.progress.end()
    if (outcome.answer === undefined) {
      complain(outcome.problem, io)
      io.fail(1)
    } else if (options.json === true) io.print(`${outcome.answer}\n`)
    else io.print(printable(answerText(outcome.answer, await subject.labels())))
  } finally {
    await subject.close()
  }
}

async function reporting(io: PredictCommandIo, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (thrown) {
    io.progress.end()
    if (thrown instanceof ConfigError) {
      tellConfigError(thrown, io)
    } else if (thrown instanceof WrongUsage) {
      complain(thrown, io)
      io.fail(2)
    } else if (thrown instanceof ServingError) {
      complain(problemOf(thrown), io)
      io.fail(1)
    } else throw thrown
  }
}

/** What, where, and a way out. */
function complain({ message, path = [], hint }: Problem, io: PredictCommandIo): void {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')
  const lines = [
    message,
    ...(place === '' ? [] : [`  at ${place}`]),
    ...(hint === undefined ? [] : [`  ${hint.trimEnd()}`]),
  ]
  io.complain(printable(`${lines.join('\n')}\n`))
}

const warningsTo = (io: PredictCommandIo): Log => ({
  ...silentLog,
  warn: (event, { warning = event } = {}) => io.complain(printable(`warning: ${warning}\n`)),
})

const ownIo: PredictCommandIo = {
  ...standardIo,
  progress: progressOn(process.stderr),
  readFile: (path) => readFile(path),
  readStdin() {
    if (process.stdin.isTTY)
      process.stderr.write('reading JSON from the terminal, end with Ctrl-D\n')
    return buffer(process.stdin)
  },
}
