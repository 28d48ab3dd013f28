export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Returns median, least and greatest of at least one value. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

export const median = (values: readonly number[]): number => spread(values).median

/** Returns the median of the known values, or undefined when none is known. */
export function medianKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : median(known)
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
