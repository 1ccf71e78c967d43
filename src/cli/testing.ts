/** What a command says, for its test. */
import type { CommandIo } from './io.ts'

export function captured() {
  const said = { out: '', err: '', exitCode: 0 }
  const io: CommandIo = {
    print: (text) => {
      said.out += text
    },
    complain: (text) => {
      said.err += text
    },
    fail: (exitCode) => {
      said.exitCode = exitCode
    },
  }
  return { said, io }
}
