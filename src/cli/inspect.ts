/** `sluice inspect`: what would be served of some paths, what not, and why. */
import { Command } from 'commander'
import { whyUnreadable } from '../config/index.ts'
import {
  alignedLines,
  detailsOf,
  type Inspection,
  inspectModels,
  titleOf,
  verdictOf,
} from '../inspect/index.ts'
import colors from './colors.ts'
import { type CommandIo, standardIo } from './io.ts'
import { printable } from './printable.ts'
import { type Progress, progressOn } from './progress.ts'

export interface InspectCommandIo extends CommandIo {
  readonly progress: Progress
}

/** Ends with exit code 1 where anything would not be served. */
export function inspectCommand(io: InspectCommandIo = ownIo): Command {
  return new Command('inspect')
    .argument('<path...>', 'model files, model folders, or folders of models')
    .description('say what would be served, what not, and why, without loading it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ sluice inspect churn.onnx')
    .action(async (paths: string[], options: { json?: boolean }) => {
      const inspections = await inspect(paths, io)
      if (inspections === undefined) return
      const text =
        options.json === true ? `${JSON.stringify(inspections, null, 2)}\n` : textOf(inspections)
      io.print(text)
      if (inspections.length === 0) {
        io.complain(
          `no model in ${printable(paths.join(', '))}: expected .onnx files, or folders with a model.onnx\n`,
        )
      }
      if (inspections.length === 0 || inspections.some(({ served }) => !served)) io.fail(1)
    })
}

async function inspect(paths: readonly string[], io: InspectCommandIo) {
  try {
    return await inspectModels(paths, (name, place, count) =>
      io.progress.say(printable(`reading ${name} (${place} of ${count})`)),
    )
  } catch (thrown) {
    const { path, code } = thrown as NodeJS.ErrnoException
    if (path === undefined || code === undefined) throw thrown
    io.complain(`${printable(path)}: ${whyUnreadable(thrown)}\n`)
    io.fail(1)
    return undefined
  } finally {
    io.progress.end()
  }
}

function textOf(inspections: readonly Inspection[]): string {
  const [only] = inspections
  if (only !== undefined && inspections.length === 1) {
    const line = `${printable(titleOf(only))}: ${coloredVerdict(only)}`
    return `${line}\n${printable(detailsOf(only))}`
  }
  const facts = alignedLines(inspections)
  const lines = inspections.map(
    (inspection, at) => `${printable(facts[at]!)}  ${coloredVerdict(inspection)}\n`,
  )
  const served = inspections.filter((inspection) => inspection.served).length
  const count =
    inspections.length === 0 ? '' : `${served} of ${inspections.length} would be served\n`
  return `${lines.join('')}${count}`
}

function coloredVerdict(inspection: Inspection): string {
  const verdict = printable(verdictOf(inspection))
  return inspection.served ? colors.green(verdict) : colors.red(verdict)
}

const ownIo: InspectCommandIo = {
  ...standardIo,
  progress: progressOn(process.stderr),
}
