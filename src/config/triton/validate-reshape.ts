/** Whether one shape can be read as another, as Triton judges it. */

/**
 * Both hold the same number of elements and, where axes may have any size, have as many of those and
 * the same number of elements before, between and after them: [2,4,-1,6] is [8,-1,1,6].
 */
export function* reshapeProblems(
  dims: readonly bigint[],
  shape: readonly bigint[],
): Iterable<string> {
  const parts = partsOf(dims)
  const others = partsOf(shape)
  if (Math.min(parts.length, others.length) === 1) {
    const same = parts.length === others.length && parts[0] === others[0]
    if (!same) yield 'has different size for dims and reshape'
    return
  }
  if (parts.length !== others.length) {
    yield 'has different number of variable-size dimensions for dims and reshape'
  }
  if (parts.some((part, at) => part !== others[at])) {
    yield 'has different size for dims and reshape'
  }
}

/** The numbers of elements between axes of any size. An empty shape is one element. */
function partsOf(shape: readonly bigint[]): readonly bigint[] {
  const parts = [1n]
  for (const size of shape) {
    if (size === -1n) parts.push(1n)
    else parts[parts.length - 1]! *= size
  }
  return parts
}
