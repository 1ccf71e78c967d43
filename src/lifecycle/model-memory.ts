/** The memory that all versions share: who holds how much of it, and who makes room for whom. */
import { fail, type ServingError } from '../errors.ts'
import { admit } from './memory-budget.ts'
import type { OpenVersion } from './open-version.ts'

export interface ModelMemoryOptions {
  /** In bytes; without one everything is let in and nothing is counted. */
  readonly limitBytes?: number | undefined
  /** Whether idle versions make room. */
  readonly evict: boolean
}

/** A version in memory. */
export interface Tenant {
  readonly bytes: number
  /** A moment of the clock. */
  readonly lastUsed: number
  readonly idle: boolean
  whenIdle(): Promise<void>
  /** Makes room: resolves when its memory is free. It is loaded again when asked. */
  sleep(): Promise<void>
}

export const tenantOf = ({ inUse, executable }: OpenVersion, sleep: Tenant['sleep']): Tenant => ({
  bytes: executable.memoryBytes,
  lastUsed: inUse.lastUsed,
  idle: inUse.idle,
  whenIdle: () => inUse.whenIdle(),
  sleep,
})

/** `asleep`: there is room only if others leave, which they do only for what somebody waits for. */
export type Admission = 'admitted' | 'asleep'

export class ModelMemory {
  readonly #options: ModelMemoryOptions
  /** By whoever holds them. */
  readonly #held = new Map<object, number>()
  #waiting: (() => void)[] = []

  constructor(options: ModelMemoryOptions) {
    this.#options = options
  }

  /** Whether anything is counted. */
  get limited(): boolean {
    return this.#options.limitBytes !== undefined
  }

  /**
   * Lets a version in whose bytes are held from then on, once there is room. `tenants` are those
   * that may make room, asked each time. Fails with MODEL_MEMORY_SHORT, or when `giveUp` is aborted.
   */
  async enter(
    holder: object,
    bytes: number,
    urgent: boolean,
    tenants: () => readonly Tenant[],
    giveUp: AbortSignal,
  ): Promise<Admission> {
    const { limitBytes, evict } = this.#options
    if (limitBytes === undefined) return 'admitted'
    for (;;) {
      giveUp.throwIfAborted()
      const idle = tenants().filter((tenant) => tenant.idle)
      const decision = admit({
        limitBytes,
        usedBytes: this.#usedBytes(),
        neededBytes: bytes,
        evict,
        idle: idle.map((tenant) => ({ key: tenant, ...size(tenant) })),
      })
      switch (decision.kind) {
        case 'load':
          this.#held.set(holder, bytes)
          return 'admitted'
        case 'refuse':
          throw short(bytes, decision.freeBytes, limitBytes)
        case 'evict':
          if (!urgent) return 'asleep'
          await Promise.all(decision.keys.map((tenant) => tenant.sleep()))
          break
        case 'wait':
          if (!urgent) return 'asleep'
          await this.#change(tenants(), giveUp)
      }
    }
  }

  /** What it takes indeed, now that it is known. */
  hold(holder: object, bytes: number): void {
    if (this.limited && this.#held.has(holder)) this.#held.set(holder, bytes)
  }

  release(holder: object): void {
    if (this.#held.delete(holder)) this.changed()
  }

  /** There may be other tenants than before: whoever waits is to look again. */
  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #usedBytes(): number {
    return [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /**
   * Resolves when memory may have become free, or a tenant idle that was busy: a turn later, so that
   * who was waiting for a tenant that has just come asks it first.
   */
  async #change(tenants: readonly Tenant[], giveUp: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(giveUp.reason)
    giveUp.addEventListener('abort', abort)
    this.#waiting.push(resolve)
    for (const tenant of tenants) {
      // one that is idle already would make this go round without an end
      if (!tenant.idle) void tenant.whenIdle().then(resolve)
    }
    try {
      await promise
      await new Promise(setImmediate)
    } finally {
      giveUp.removeEventListener('abort', abort)
    }
  }
}

const size = ({ bytes, lastUsed }: Tenant) => ({ bytes, lastUsed })

function short(needed: number, free: number, limit: number): ServingError {
  return fail('MODEL_MEMORY_SHORT', { needed, free, limit })
}
