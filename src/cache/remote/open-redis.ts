/** The client for Redis, whose package is optional and is imported only where one is configured. */
import type { Redis } from 'ioredis'
import { systemClock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import type { FarStore } from './far-store.ts'
import { type RedisClient, RedisStore } from './redis-store.ts'

export interface RedisStoreOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://…` for TLS. */
  readonly url: string
  /** Of this server: what else may change the bits of an answer. */
  readonly build: string
  readonly log: Log
}

/** At once, connected or not. Undefined, with a warning, where the package is not installed. */
export async function openRedisStore(options: RedisStoreOptions): Promise<FarStore | undefined> {
  const { build, log } = options
  try {
    const client = await connect(options)
    return new RedisStore({ client, build, clock: systemClock, log })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
    log.warn('cache: Redis is not used, its package is not installed', {
      install: 'npm install ioredis@6.0.0',
    })
    return undefined
  }
}

async function connect({ url, log }: RedisStoreOptions): Promise<RedisClient> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    connectionName: 'sluice',
    connectTimeout: 2_000,
    // what was not answered is run instead: nothing is to be asked later, or twice
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(50 * 2 ** attempts, 5_000),
    noDelay: true,
    keepAlive: 10_000,
  })
  tellConnection(client, log)
  return clientOf(client)
}

/** Once when it is lost, however often it is tried again. */
function tellConnection(client: Redis, log: Log): void {
  let lost = false
  client.on('error', (cause: unknown) => {
    if (!lost) log.warn('cache: Redis cannot be reached, answers are kept here alone', { cause })
    lost = true
  })
  client.on('ready', () => {
    log.info('cache: connected to Redis')
    lost = false
  })
}

const clientOf = (client: Redis): RedisClient => ({
  get ready() {
    return client.status === 'ready'
  },
  async get(key) {
    const replies = await client.pipeline().getBuffer(key).pttl(key).exec()
    const [[problem, value], [secondProblem, ttlMs]] = replies as unknown as [Reply, Reply]
    if (problem !== null || secondProblem !== null) throw problem ?? secondProblem
    if (!Buffer.isBuffer(value) || typeof ttlMs !== 'number' || ttlMs === gone) return undefined
    return { value, ttlMs: ttlMs === neverExpires ? undefined : ttlMs }
  },
  async set(key, value, ttlMs) {
    await client.set(key, value, 'PX', Math.ceil(ttlMs))
  },
  reconnect: () => client.disconnect(true),
  close: () => client.disconnect(),
})

type Reply = readonly [problem: Error | null, value: unknown]

// https://redis.io/docs/latest/commands/pttl/
const neverExpires = -1
const gone = -2
