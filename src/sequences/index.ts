/** Models that answer by what came before: a Predictor of sequences, over one that runs rows. */

export { finishing, type Home, SequenceHomes } from './homes.ts'
export { type Planning, planSequences, type SequencePlan, type SequencesConfig } from './plan.ts'
export { type QueueDefaults, type SequencedVersion, sequenced } from './sequenced.ts'
export type { Sequences } from './sequences.ts'
