export { applyConfig } from './apply-config.ts'
export { discover, type FoundModel } from './discover.ts'
export { Registry, type VersionRow } from './registry.ts'
export type { LostRoot, Scan, Source } from './source.ts'
