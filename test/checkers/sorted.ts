/** Returns the numbers 0..length-1, sorted. */
export function sortedIndices(length: number, compare: (one: number, other: number) => number): Uint32Array {
  return Uint32Array.from({ length }, (_, index) => index).sort(compare)
}

/** Returns the first of 0..length-1 that is not `before`, or `length`. All that are `before` have to come first. */
export function partitionPoint(length: number, before: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (before(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/** Returns the index of the first of the rising `values` that is at least `bound`. */
export const lowerBound = (values: ArrayLike<number>, bound: number): number =>
  partitionPoint(values.length, (index) => values[index]! < bound)
