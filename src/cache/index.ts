/** Answers that are given again. */
export type { InUse } from './cached.ts'
export { openRedisStore, type RedisStoreOptions } from './remote/open-redis.ts'
export { type CachedVersion, ResponseCache, type ResponseCacheOptions } from './response-cache.ts'
