/** The keys of `sluice.yaml`, and the one that a path of an issue belongs to. */
import { type Key, keysOf, toJsonSchema } from './keys.ts'
import { serverSchema } from './server.ts'

export const serverJsonSchema = toJsonSchema(serverSchema)
export const serverKeys: readonly Key[] = keysOf(serverJsonSchema)
