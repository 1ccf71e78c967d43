import { spawn } from 'node:child_process'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a command in this process's place: same terminal, same process group, its exit code.
 * The command hears a Ctrl-C twice, from the terminal and from here; the server takes signals
 * that come together for one.
 */
export function relay(command, args) {
  const env = Object.assign({}, process.env, { RELAYED_BY: String(process.pid) })
  const child = spawn(command, args, { stdio: 'inherit', env })
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`sluice: ${command} does not start: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code)
    for (const name of forwarded) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
