/** The `sluice` command. */
import { Command, CommanderError } from 'commander'
import { packageVersion } from './version.ts'

/** In the order of the help. Only the one that is asked is brought in, so that it starts at once. */
const commands: ReadonlyMap<string | undefined, () => Promise<Command>> = new Map([
  ['serve', async () => (await import('./cli/serve.ts')).serveCommand()],
  ['inspect', async () => (await import('./cli/inspect.ts')).inspectCommand()],
  ['predict', async () => (await import('./cli/predict.ts')).predictCommand()],
  ['bench', async () => (await import('./cli/bench.ts')).benchCommand()],
  ['models', async () => (await import('./cli/models.ts')).modelsCommand()],
  ['config', async () => (await import('./cli/config.ts')).configCommand()],
  ['doctor', async () => (await import('./cli/doctor.ts')).doctorCommand()],
])

const program = new Command('sluice')
  .description('Serves machine-learning models.')
  .version(packageVersion())

// the first word is the command: the program itself has no options that take a value
const asked = commands.get(process.argv[2])
for (const make of asked === undefined ? [...commands.values()] : [asked]) {
  program.addCommand(await make())
}

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
