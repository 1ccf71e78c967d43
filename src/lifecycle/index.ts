export { Control, type Reread } from './control.ts'
export { Lifecycle } from './lifecycle.ts'
export { openVersion } from './open-version.ts'
export { Overrides } from './overrides.ts'
