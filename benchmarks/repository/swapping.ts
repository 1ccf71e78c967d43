/** A server whose model changes its version as often as it is told to. */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { LoopProbe } from '../loop.ts'
import { type Sluice, startSluice } from '../server.ts'
import { modelPath, type Workload } from '../workloads.ts'
import type { Life } from './answers.ts'
import { RepositoryFolder } from './folder.ts'
import { withOffsets } from './onnx-models.ts'
import { ServerLog } from './server-log.ts'

/** More than are ever there at once, so that no file is linked twice. */
export const variants = 8

export class Swapping {
  readonly server: Sluice
  readonly probe: LoopProbe
  readonly #model: string
  readonly #folder: RepositoryFolder
  readonly #files: readonly string[]
  readonly #log: ServerLog
  #version = 1

  private constructor(
    model: string,
    parts: { folder: RepositoryFolder; files: readonly string[]; server: Sluice; probe: LoopProbe },
  ) {
    this.#model = model
    this.#folder = parts.folder
    this.#files = parts.files
    this.server = parts.server
    this.probe = parts.probe
    this.#log = new ServerLog(parts.server.log)
  }

  /** Serves version 1. */
  static async start(workload: Workload, script: string): Promise<Swapping> {
    const { model, output } = workload
    const folder = new RepositoryFolder()
    const made = withOffsets(readFileSync(modelPath(workload)), output, variants)
    const files = Array.from(made, (bytes, i) => folder.keep(`${i}.onnx`, bytes))
    folder.stage(model, 1, files[1]!)()
    const probe = new LoopProbe()
    const server = await startSluice(folder.root, {
      ...{ script, nodeArgs: probe.args, env: probe.env },
      args: ['--model-control-mode', 'poll'],
    })
    return new Swapping(model, { folder, files, server, probe })
  }

  /** How often it has changed. */
  get swaps(): number {
    return this.#version - 1
  }

  get lives(): readonly Life[] {
    return this.#log.lives(this.#model)
  }

  /**
   * Resolves when the next version serves and the one before is unloaded. Returns how long it took
   * from the rename to the log line, in milliseconds.
   */
  async swap(): Promise<number> {
    const before = this.#version
    const next = before + 1
    const publish = this.#folder.stage(this.#model, next, this.#files[next % variants]!)
    await wait(50) // a rename is told by its time, which is to differ from that of the link
    publish()
    const renamedAt = Date.now()
    await this.#log.told('ready', this.#model, next)
    this.#folder.remove(this.#model, before)
    await this.#log.told('unloaded', this.#model, before)
    this.#version = next
    return this.lives.find(({ version }) => version === next)!.readyAt - renamedAt
  }

  async close(): Promise<void> {
    this.#log.close()
    await this.server.stop()
    this.probe.close()
    this.#folder.close()
  }
}
