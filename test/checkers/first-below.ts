/** Finds the first value below a bound, from an index on, among fixed values, in O(log n). */
export class FirstBelow {
  /** The values, then the minimum of every two, of every four, … */
  readonly #minima: readonly Float64Array[]

  constructor(values: Float64Array) {
    const minima = [values]
    for (let below = values; below.length > 1; ) {
      below = pairMinima(below)
      minima.push(below)
    }
    this.#minima = minima
  }

  /** Index of the first value below `bound` at or after `from`, or undefined. */
  find(from: number, bound: number): number | undefined {
    const minima = this.#minima
    let height = 0
    let index = from
    for (;;) {
      const row = minima[height]!
      if (index >= row.length) return undefined
      if (row[index]! < bound) return this.#descend(height, index, bound)
      index += 1
      while (index % 2 === 0 && height < minima.length - 1) {
        index /= 2
        height += 1
      }
    }
  }

  #descend(fromHeight: number, fromIndex: number, bound: number): number {
    let [height, index] = [fromHeight, fromIndex]
    while (height > 0) {
      height -= 1
      index *= 2
      if (this.#minima[height]![index]! >= bound) index += 1
    }
    return index
  }
}

function pairMinima(values: Float64Array): Float64Array {
  const minima = new Float64Array(Math.ceil(values.length / 2))
  for (let index = 0; index < minima.length; index++) {
    minima[index] = Math.min(values[2 * index]!, values[2 * index + 1] ?? Infinity)
  }
  return minima
}
