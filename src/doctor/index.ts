/** What `sluice doctor` knows: small checks, and the machine they are asked of. */
export type { Check } from './check.ts'
export { diagnose } from './diagnose.ts'
