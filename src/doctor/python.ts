/** The Python that would run Python models; nothing else needs one. */
import type { Check } from './check.ts'

export interface Interpreter {
  readonly command: string
  /** What it says of itself: `Python 3.12.3`. */
  readonly says: string
}

/** The first interpreter that answered, or undefined where none did. */
export function checkPython(found: Interpreter | undefined): Check {
  if (found === undefined) {
    return {
      name: 'python',
      status: 'warn',
      fact: 'there is none; only Python models would need it',
      mend: 'install Python 3.10 or newer for them',
    }
  }
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(found.says) ?? []
  const fact = `${found.says} (${found.command})`
  if (Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 10)) {
    return { name: 'python', status: 'ok', fact }
  }
  const mend = 'install Python 3.10 or newer for Python models'
  return { name: 'python', status: 'warn', fact, mend }
}
