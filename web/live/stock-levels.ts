import type { StockRow } from '../../src/http/live.ts'

/** How many levels a sparkline has at most, and for how long it looks back. */
export const SPARK_POINTS = 40
const SPARK_MS = 60_000

export type SortBy = 'name' | 'price' | 'available' | 'volume'

/** The levels of all stocks, and how those that trade have moved. */
export class StockLevels {
  readonly #rows = new Map<string, StockRow>()
  readonly #moves = new Map<string, { readonly atMs: number; readonly available: number }[]>()

  /** Begins anew with the rows of a snapshot. */
  replace(rows: readonly StockRow[], nowMs: number): void {
    this.#rows.clear()
    this.#moves.clear()
    this.update(rows, nowMs)
  }

  /** Takes levels that changed. */
  update(rows: readonly StockRow[], nowMs: number): void {
    for (const row of rows) {
      const [name, , available] = row
      const before = this.#rows.get(name)
      this.#rows.set(name, row)
      if (!before) continue
      const moves = this.#moves.get(name) ?? [{ atMs: nowMs, available: before[2] }]
      moves.push({ atMs: nowMs, available })
      while (moves.length > SPARK_POINTS) moves.shift()
      this.#moves.set(name, moves)
    }
  }

  get size(): number {
    return this.#rows.size
  }

  all(): readonly StockRow[] {
    return [...this.#rows.values()]
  }

  get(name: string): StockRow | undefined {
    return this.#rows.get(name)
  }

  /** Returns the stock with the most shares for sale, which a client that trades one share at a time cannot empty. */
  fullest(): string | undefined {
    let best: StockRow | undefined
    for (const row of this.#rows.values()) if (!best || row[2] > best[2]) best = row
    return best?.[0]
  }

  /** Returns the levels of a stock within the last minute, oldest first; empty for a stock that did not trade. */
  movesOf(name: string, nowMs: number): readonly number[] {
    return (this.#moves.get(name) ?? []).filter(({ atMs }) => atMs > nowMs - SPARK_MS).map(({ available }) => available)
  }
}

/** Returns the rows whose name holds the words, sorted. Names go up, figures go down. */
export function found(rows: readonly StockRow[], words: string, by: SortBy): readonly StockRow[] {
  const wanted = words.trim().toLowerCase()
  const at = { name: 0, price: 1, available: 2, volume: 3 }[by]
  const order = (one: StockRow, other: StockRow): number =>
    at === 0 ? compare(one[0], other[0]) : Number(other[at]) - Number(one[at]) || compare(one[0], other[0])
  return rows.filter(([name]) => name.toLowerCase().includes(wanted)).toSorted(order)
}

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

/** Returns which rows of a long list are in sight: from `first` up to, not including, `end`. Some more are drawn at both ends. */
export function rowsInSight(
  count: number,
  { rowPx, heightPx, scrolledPx }: { readonly rowPx: number; readonly heightPx: number; readonly scrolledPx: number },
  margin = 6,
): { readonly first: number; readonly end: number } {
  const top = Math.min(Math.max(0, Math.floor(scrolledPx / rowPx)), Math.max(0, count - 1))
  const end = Math.min(count, top + Math.ceil(heightPx / rowPx) + 1 + margin)
  return { first: Math.max(0, top - margin), end }
}

/** Returns the path of a sparkline in a box: "M 0 10 L 4 8 …"; '' with fewer than two levels. */
export function sparkline(levels: readonly number[], width: number, height: number): string {
  if (levels.length < 2) return ''
  const [low, high] = [Math.min(...levels), Math.max(...levels)]
  const across = width / (levels.length - 1)
  const heightOf = (level: number): number => (high === low ? height / 2 : height - ((level - low) / (high - low)) * height)
  return levels.map((level, at) => `${at === 0 ? 'M' : 'L'}${(at * across).toFixed(1)} ${heightOf(level).toFixed(1)}`).join('')
}
