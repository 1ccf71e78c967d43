/** `sluice doctor`: what this machine offers, and how to mend what it lacks. */
import { Command } from 'commander'
import { ConfigError, loadServerConfig } from '../config/index.ts'
import { type Check, diagnose } from '../doctor/index.ts'
import colors from './colors.ts'
import { type CommandIo, standardIo, tellConfigError } from './io.ts'

export interface DoctorCommandIo extends CommandIo {
  /** Looks at the machine; `library` is the ONNX Runtime that the configuration names. */
  readonly diagnose: (library: string | undefined) => Promise<readonly Check[]>
}

/** Ends with exit code 1 where a check fails, with 2 where the configuration is wrong. */
export function doctorCommand(io: DoctorCommandIo = ownIo): Command {
  return new Command('doctor')
    .description('check this machine, and say how to mend it')
    .option('--config <path>', 'the file that may name an ONNX Runtime, in place of ./sluice.yaml')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ sluice doctor --json')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { config } = options
      const library = libraryOf(config, io)
      if (library === wrong) return
      const checks = await io.diagnose(library)
      io.print(options.json === true ? `${JSON.stringify(checks, null, 2)}\n` : table(checks))
      if (checks.some(({ status }) => status === 'fail')) io.fail(1)
    })
}

/** The library that models would run on, by the same rules as in `serve`. */
function libraryOf(config: string | undefined, io: DoctorCommandIo) {
  try {
    return loadServerConfig({ options: { config } }).config.onnx.library
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    tellConfigError(thrown, io)
    return wrong
  }
}

function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .map(({ status, name, fact, mend }) => {
      const line = `${paint[status](status.padEnd(4))}  ${name.padEnd(width)}  ${fact}\n`
      return mend === undefined ? line : `${line}${' '.repeat(width + 8)}-> ${mend}\n`
    })
    .join('')
}

const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red }

const wrong = Symbol('the configuration is wrong')

const ownIo: DoctorCommandIo = {
  ...standardIo,
  diagnose,
}
