import { LIMITS } from '../../src/domain/limits.ts'
import type { Stock } from '../../src/domain/stock.ts'
import { FirstBelow } from './first-below.ts'
import { lowerBound, partitionPoint, sortedIndices } from './sorted.ts'

/**
 * One stock over the whole log: its states in order, each with the first position at which it holds. All questions ask for
 * the earliest position, not below `from`, at which something is true. They are answered in O(log n).
 */
export class StockTimeline {
  readonly stock: Stock
  readonly #positions: number[] = [0]
  readonly #levels: number[]
  readonly #volumes: number[]
  #smallestFirst: Uint32Array | undefined
  #low: FirstBelow | undefined
  #high: FirstBelow | undefined

  constructor(stock: Stock) {
    this.stock = stock
    this.#levels = [stock.quantity]
    this.#volumes = [stock.volume]
  }

  /** Applies the entry that leads to `position`. Does nothing, and returns false, when a level would leave its range. */
  trade(position: number, type: 'buy' | 'sell', quantity: number): boolean {
    const level = this.#levels.at(-1)! + (type === 'buy' ? -quantity : quantity)
    const volume = this.#volumes.at(-1)! + quantity
    if (level < 0 || level > LIMITS.stockLevelMax || volume > LIMITS.stockLevelMax) return false
    this.#positions.push(position)
    this.#levels.push(level)
    this.#volumes.push(volume)
    return true
  }

  /** … the stock has this quantity, and this volume when one is given. */
  firstShowing(from: number, quantity: number, volume?: number): number | undefined {
    const now = this.#stateAt(from)
    const state = volume === undefined ? this.#nextWithLevel(now, quantity) : lowerBound(this.#volumes, volume)
    if (state === undefined || state < now) return undefined
    const fits = this.#levels[state] === quantity && (volume === undefined || this.#volumes[state] === volume)
    return fits ? this.#firstPosition(state, from) : undefined
  }

  /** … a buy of `quantity` finds too few shares. */
  firstNotEnough(from: number, quantity: number): number | undefined {
    this.#low ??= new FirstBelow(Float64Array.from(this.#levels))
    return this.#firstPosition(this.#low.find(this.#stateAt(from), quantity), from)
  }

  /** … a trade of `quantity` would pass the largest level. */
  firstLevelLimit(from: number, type: 'buy' | 'sell', quantity: number): number | undefined {
    const largest = LIMITS.stockLevelMax - quantity
    const busy = lowerBound(this.#volumes, largest + 1)
    const now = this.#stateAt(from)
    // A buy is refused for its volume only when there are enough shares for it.
    if (type === 'buy') return this.#firstPosition(this.#nextAbove(Math.max(now, busy), quantity - 1), from)
    const state = Math.min(Math.max(now, busy), this.#nextAbove(now, largest) ?? Infinity)
    return this.#firstPosition(state, from)
  }

  #nextAbove(state: number, level: number): number | undefined {
    this.#high ??= new FirstBelow(Float64Array.from(this.#levels, (each) => -each))
    return this.#high.find(state, -level)
  }

  #nextWithLevel(from: number, level: number): number | undefined {
    const levels = this.#levels
    this.#smallestFirst ??= sortedIndices(levels.length, (one, other) => levels[one]! - levels[other]! || one - other)
    const states = this.#smallestFirst
    const before = (state: number) => levels[state]! < level || (levels[state] === level && state < from)
    return states[partitionPoint(states.length, (index) => before(states[index]!))]
  }

  #stateAt(position: number): number {
    return lowerBound(this.#positions, position + 1) - 1
  }

  #firstPosition(state: number | undefined, from: number): number | undefined {
    const position = state === undefined ? undefined : this.#positions[state]
    return position === undefined ? undefined : Math.max(from, position)
  }
}
