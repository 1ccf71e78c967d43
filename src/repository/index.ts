export { applyConfig } from './apply-config.ts'
export { discover, type FoundModel } from './discover.ts'
export { Registry } from './registry.ts'
