/** A server that loads and unloads models when asked. */
import { Agent } from 'node:http'
import { type Sluice, type StartOptions, startSluice } from '../server.ts'
import { demand } from './ask.ts'
import { RepositoryFolder } from './folder.ts'
import { ServerLog } from './server-log.ts'

export class Explicit {
  readonly server: Sluice
  readonly agent = new Agent({ keepAlive: true })
  readonly #folder: RepositoryFolder
  readonly #log: ServerLog
  readonly #unloads = new Map<string, number>()

  private constructor(folder: RepositoryFolder, server: Sluice) {
    this.#folder = folder
    this.server = server
    this.#log = new ServerLog(server.log)
  }

  /** These models by name, each with its bytes; those of `loaded` are loaded at the start. */
  static async start(
    models: Readonly<Record<string, Uint8Array>>,
    options: StartOptions & { readonly loaded?: readonly string[] },
  ): Promise<Explicit> {
    const folder = new RepositoryFolder()
    for (const [name, bytes] of Object.entries(models)) folder.write(name, 1, bytes)
    const args = [
      ...['--model-control-mode', 'explicit', '--repository-control', 'open'],
      ...(options.loaded ?? []).flatMap((name) => ['--load-model', name]),
    ]
    return new Explicit(folder, await startSluice(folder.root, { ...options, args }))
  }

  /** Returns how long it took, in milliseconds. */
  async load(model: string): Promise<number> {
    const began = performance.now()
    await this.#control(model, 'load')
    return performance.now() - began
  }

  /** Resolves when its memory is free. */
  async unload(model: string): Promise<void> {
    const times = (this.#unloads.get(model) ?? 0) + 1
    this.#unloads.set(model, times)
    await this.#control(model, 'unload')
    await this.#log.told('unloaded', model, 1, times)
  }

  async close(): Promise<void> {
    this.agent.destroy()
    this.#log.close()
    await this.server.stop()
    this.#folder.close()
  }

  async #control(model: string, what: 'load' | 'unload'): Promise<void> {
    await demand(`${this.server.url}/v2/repository/models/${model}/${what}`, this.agent, '{}')
  }
}
