/** `sluice bench`: a load test of a model on disk, or behind any server of the Open Inference Protocol. */
import { readFileSync, writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import {
  type Asked,
  bench,
  exitCodes,
  planOf,
  progressText,
  reportPage,
  reportTable,
  SCENARIOS,
  TargetFailed,
} from '../bench/index.ts'
import { cpuQuota } from '../cgroup.ts'
import { systemClock } from '../clock.ts'
import { ConfigError, loadServerConfig, whyUnreadable } from '../config/index.ts'
import { ServingError } from '../errors.ts'
import { silentLog } from '../log.ts'
import { type Problem, problemOf, WrongUsage } from '../predict/index.ts'
import {
  type HeaderValue,
  header,
  natural,
  percentile,
  positive,
  type ShapeValue,
  shape,
  time,
  whole,
} from './bench-values.ts'
import { type CommandIo, standardIo, tellConfigError } from './io.ts'
import { printable } from './printable.ts'
import { type Progress, progressOn } from './progress.ts'

export interface BenchCommandIo extends CommandIo {
  readonly progress: Progress
  /** Fails as reading a file does. */
  readonly readText: (path: string) => string
  readonly writeText: (path: string, text: string) => void
  /** Calls back at the first Ctrl-C; the next one is not caught. The function returned listens no more. */
  readonly onInterrupt: (callback: () => void) => () => void
  /** The words after `sluice`. */
  readonly words: readonly string[]
}

interface Options extends Omit<Asked, 'target' | 'headers' | 'shapes'> {
  readonly header?: readonly HeaderValue[]
  readonly shape?: readonly ShapeValue[]
  readonly duration?: number
  readonly warmUp?: number
  readonly config?: string
  readonly json?: boolean
  readonly report?: string
}

/** Ends with exit code 1 where the target or its SLO fails, 2 where the command line is wrong, 4 where nothing can be said. */
export function benchCommand(io: BenchCommandIo = ownIo): Command {
  return new Command('bench')
    .argument('<target>', 'the address of a running server, or a model file or folder')
    .description('a load test: latency under a rate, the highest rate an SLO allows, or saturation')
    .option('--model <name>', 'which model, where there are several')
    .option('--model-version <version>', 'which version of a server; its choice where left out')
    .addOption(
      new Option('--protocol <name>', 'how a server is asked; the fastest it speaks').choices([
        'json',
        'oip-json',
        'oip-binary',
        'in-process',
      ]),
    )
    .option('--header <name: value>', 'sent with every request; may be repeated', header)
    .option('--rate <n>', 'open loop: requests a second, whatever comes back', positive)
    .option('--arrivals <how>', 'poisson (the default), constant, burst, ramp or trace:FILE')
    .option('--concurrency <n>', 'closed loop: so many clients, each waits for its answer', whole)
    .option('--find-rate', 'search the highest rate at which --slo-ms holds')
    .addOption(
      new Option('--scenario <name>', 'one of MLPerf, with its early stopping').choices(SCENARIOS),
    )
    .option('--slo-ms <ms>', 'the latency that must hold', positive)
    .option('--percentile <n>', 'for which share of the requests (default: 99)', percentile)
    .option('--duration <time>', 'of what is counted: 10 or 10s, 500ms, 2m (default: 10s)', time)
    .option('--requests <n>', 'how many are counted at most', whole)
    .option('--warm-up <time>', 'load before that, not counted (default: 1s)', time)
    .option('--timeout-ms <ms>', 'after which a request is missed (default: 10000)', positive)
    .option(
      '--max-in-flight <n>',
      'of an open loop; what is due beyond is missed (default: 512)',
      whole,
    )
    .option('--rows <n>', 'of a request (default: 1)', whole)
    .option('--shape <input=sizes>', 'of an input, with the rows: ids=1,128', shape)
    .option('--data <file>', 'requests to send, a JSON body a line; made up where left out')
    .option('--check', 'hold every answer to the one that was given before the load')
    .option('--tolerance <n>', 'by which numbers may differ then (default: 0.0001)', positive)
    .option('--seed <n>', 'of arrivals and of data (default: 1)', natural)
    .option('--config <path>', 'the file that may name an ONNX Runtime, in place of ./sluice.yaml')
    .option('--json', 'print everything as JSON')
    .option('--report <file.html>', 'write a page with plots')
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  $ sluice bench http://127.0.0.1:8000 --model iris --rate 500',
        '  $ sluice bench http://127.0.0.1:8000 --model iris --find-rate --slo-ms 10',
        '  $ sluice bench model.onnx --concurrency 4 --report report.html',
        '\nExit codes: 0 done, 1 failed or SLO missed, 2 wrong usage, 4 inconclusive.',
      ].join('\n'),
    )
    .action((target: string, options: Options) => reporting(io, () => run(target, options, io)))
}

async function run(target: string, options: Options, io: BenchCommandIo): Promise<void> {
  const {
    duration,
    warmUp,
    header: headers,
    shape: shapes,
    config,
    json,
    report,
    ...same
  } = options
  const asked = {
    ...same,
    target,
    headers,
    shapes: new Map(shapes),
    durationMs: duration,
    warmUpMs: warmUp,
  }
  const plan = planOf(asked, (path) => readText(path, io))
  const { onnx } = loadServerConfig({ options: { config } }).config
  const executors =
    onnx.executors === 'auto' ? Math.max(1, Math.floor(cpuQuota() / onnx.threads)) : onnx.executors
  const stop = new AbortController()
  const stopListening = io.onInterrupt(() => stop.abort())
  try {
    const result = await bench({
      plan,
      local: { onnx, executors },
      clock: systemClock,
      log: {
        ...silentLog,
        warn: (event, { warning = event } = {}) => io.complain(printable(`warning: ${warning}\n`)),
      },
      now: new Date(),
      onProgress: (progress) => io.progress.say(printable(progressText(progress))),
      stop: stop.signal,
    })
    io.progress.end()
    io.print(
      json === true ? `${JSON.stringify(result, null, 2)}\n` : printable(reportTable(result)),
    )
    if (report !== undefined) writeReport(report, reportPage(result, commandOf(io.words)), io)
    io.fail(exitCodes[result.verdict.kind])
  } finally {
    stopListening()
  }
}

function readText(path: string, io: BenchCommandIo): string {
  try {
    return io.readText(path)
  } catch (thrown) {
    throw new WrongUsage(`${path}: ${whyUnreadable(thrown)}`)
  }
}

function writeReport(path: string, page: string, io: BenchCommandIo): void {
  try {
    io.writeText(path, page)
  } catch (thrown) {
    throw new TargetFailed(`the report was not written: ${(thrown as Error).message}`)
  }
}

async function reporting(io: BenchCommandIo, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (thrown) {
    io.progress.end()
    if (thrown instanceof ConfigError) tellConfigError(thrown, io)
    else if (thrown instanceof WrongUsage) complain(thrown, 2, io)
    else if (thrown instanceof TargetFailed) complain(thrown, 1, io)
    else if (thrown instanceof ServingError) complain(problemOf(thrown), 1, io)
    else throw thrown
  }
}

function complain({ message, hint }: Problem, exitCode: number, io: BenchCommandIo): void {
  io.complain(printable(`${message}\n${hint === undefined ? '' : `  ${hint}\n`}`))
  io.fail(exitCode)
}

/** As it can be typed again, but for the values of headers, which may be secrets. */
function commandOf(words: readonly string[]): string {
  const shown = words.map((word, at) => {
    if (words[at - 1] === '--header') return word.replace(/:.*/s, ': …')
    return word.startsWith('--header=') ? word.replace(/:.*/s, ': …') : word
  })
  return ['sluice', ...shown.map(quote)].join(' ')
}

const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** A line that is written over on a terminal; elsewhere a line for each that is told. */
function progressLines(stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) return progressOn(stream)
  return { say: (text) => stream.write(`${text}\n`), end() {} }
}

const ownIo: BenchCommandIo = {
  ...standardIo,
  progress: progressLines(process.stderr),
  readText: (path) => readFileSync(path, 'utf8'),
  writeText: (path, text) => writeFileSync(path, text),
  onInterrupt(callback) {
    process.once('SIGINT', callback)
    return () => process.off('SIGINT', callback)
  },
  words: process.argv.slice(2),
}
