/** The `sluice` command. */
import { Command, CommanderError } from 'commander'
import { configCommand } from './cli/config.ts'
import { doctorCommand } from './cli/doctor.ts'
import { inspectCommand } from './cli/inspect.ts'
import { modelsCommand } from './cli/models.ts'
import { predictCommand } from './cli/predict.ts'
import { serveCommand } from './cli/serve.ts'
import { packageVersion } from './version.ts'

const program = new Command('sluice')
  .description('Serves machine-learning models.')
  .version(packageVersion())
  .addCommand(serveCommand())
  .addCommand(inspectCommand())
  .addCommand(predictCommand())
  .addCommand(modelsCommand())
  .addCommand(configCommand())
  .addCommand(doctorCommand())

for (const command of [
  program,
  ...program.commands,
  ...program.commands.flatMap((c) => c.commands),
]) {
  command.exitOverride().showHelpAfterError('(see --help)')
}

try {
  await program.parseAsync()
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown
  // commander has said it; what it calls an error is wrong usage
  process.exitCode = thrown.exitCode === 0 ? 0 : 2
}
