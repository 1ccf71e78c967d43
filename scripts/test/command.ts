import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly output: string
  readonly passedLimit: boolean
  /** Processes of its group were still there two seconds after it ended; they are killed. */
  readonly leftProcesses: boolean
}

/** Runs commands one at a time, each in a process group of its own that never outlives it. */
export class Commands {
  readonly #cwd: string
  readonly #env: NodeJS.ProcessEnv
  #running: ChildProcess | undefined

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#cwd = cwd
    this.#env = env
  }

  async run(command: string, args: readonly string[], limitMs: number): Promise<CommandEnd> {
    const child = spawn(command, args, {
      cwd: this.#cwd,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#running = child
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    let passedLimit = false
    const timer = setTimeout(() => {
      passedLimit = true
      this.kill()
    }, limitMs)
    try {
      const [exitCode] = (await once(child, 'exit')) as [number | null]
      const leftProcesses = !passedLimit && !(await isGone(child.pid))
      this.kill()
      return { exitCode, output: Buffer.concat(chunks).toString(), passedLimit, leftProcesses }
    } finally {
      clearTimeout(timer)
      this.#running = undefined
    }
  }

  /** Ends what runs now, with everything it started. */
  kill(): void {
    signalGroup(this.#running?.pid, 'SIGKILL')
  }
}

async function isGone(group: number | undefined): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (group === undefined || living(group).length === 0) return true
    await sleep(100)
  }
  return false
}

/**
 * The processes of a group that are more than an entry in the process table: where process 1 does
 * not collect orphans (many containers), a signal still reaches the dead.
 */
function living(group: number): readonly string[] {
  if (process.platform !== 'linux') return signalGroup(group, 0) ? [String(group)] : []
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    const stat = readFileOrNothing(`/proc/${pid}/stat`)
    // proc_pid_stat(5): pid (name) state ppid pgrp …; the name may hold spaces and brackets.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(pgrp) === group && state !== 'Z'
  })
}

function readFileOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function signalGroup(group: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return group !== undefined && process.kill(-group, signal)
  } catch {
    return false
  }
}
