/** The life of versions: what is wanted is loaded, switched to, and ended. */
export { Control, type Reread } from './control.ts'
export { controlToCome } from './control-to-come.ts'
export { Lifecycle } from './lifecycle.ts'
export { openVersion, sourceOf } from './open-version.ts'
export { Overrides } from './overrides.ts'
export { wantedVersions } from './version-policy.ts'
export { planOf as planSequencesOf } from './version-sequences.ts'
