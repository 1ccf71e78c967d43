/** How outputs are told to people, where a new version tells them otherwise. */
import type { Signature, Task } from '../signature.ts'

/** The first answer that would not be understood any more, in words. */
export function answersChanged(old: Signature, next: Signature): string | undefined {
  const before = old.task
  const after = next.task
  if (before === undefined) return undefined
  if (before.kind !== after?.kind) {
    return `it answered as a ${before.kind}, the new version ${after === undefined ? 'does not' : `as a ${after.kind}`}`
  }
  if (before.kind !== 'classifier' || after.kind !== 'classifier') return undefined
  if (before.scoreOutput !== undefined && after.scoreOutput === undefined) {
    return 'it gave a score for each class, the new version gives none'
  }
  return labelsMoved(before, after)
}

type Classifier = Extract<Task, { kind: 'classifier' }>

/**
 * A class without a name is told by its place. More classes after those that were known are no harm.
 */
function labelsMoved({ labels: before }: Classifier, { labels: after }: Classifier) {
  const known = before ?? after ?? []
  const place = known.findIndex((_, index) => nameOf(before, index) !== nameOf(after, index))
  if (place === -1) return undefined
  const [was, is] = [before, after].map((labels) => JSON.stringify(nameOf(labels, place)))
  return `class ${place} was ${was}, in the new version it is ${is}`
}

const nameOf = (labels: Classifier['labels'], place: number): string | number =>
  labels?.[place] ?? place
