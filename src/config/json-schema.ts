/** The published JSON Schemas, by which editors help with `sluice.yaml` and `model.yaml`. */

import type { JsonSchema } from './keys.ts'
import { modelJsonSchema } from './load-model.ts'
import { serverJsonSchema } from './server-keys.ts'

export type ConfigKind = 'server' | 'model'

export const jsonSchema = (kind: ConfigKind): JsonSchema & { readonly title: string } =>
  kind === 'server'
    ? { title: 'sluice.yaml: a Sluice server', ...serverJsonSchema }
    : { title: 'model.yaml: one model of a Sluice server', ...modelJsonSchema }
