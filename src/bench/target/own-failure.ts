/** How the reason of a miss begins that is the load generator's own, and says nothing of the target. */
export const ownFailure = 'the load generator ran out of'
