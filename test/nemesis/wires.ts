/** Effects of the network on bytes between two processes. */
export interface Weather {
  /** While true, nothing arrives. Bytes that were sent meanwhile arrive late, as after a lost route. */
  readonly cut: boolean
  /** Delay of every chunk, in ms: at least this much, and up to `jitterMs` more. */
  readonly delayMs: number
  readonly jitterMs: number
}

export const FAIR_WEATHER: Weather = { cut: false, delayMs: 0, jitterMs: 0 }

/** The weather between each two processes, by name and direction. Several faults may add to it at once. */
export class Wires {
  readonly #faults = new Map<object, { readonly ways: ReadonlySet<string>; readonly weather: Partial<Weather> }>()
  readonly #changed = new Set<() => void>()

  /** Adds weather to the given ways, each a {@link way}. The returned function takes it back. */
  add(ways: Iterable<string>, weather: Partial<Weather>): () => void {
    const fault = {}
    this.#faults.set(fault, { ways: new Set(ways), weather })
    this.#tell()
    return () => {
      if (this.#faults.delete(fault)) this.#tell()
    }
  }

  on(from: string, to: string): Weather {
    const weather = { ...FAIR_WEATHER }
    for (const { ways, weather: added } of this.#faults.values()) {
      if (!ways.has(way(from, to))) continue
      weather.cut ||= added.cut ?? false
      weather.delayMs += added.delayMs ?? 0
      weather.jitterMs += added.jitterMs ?? 0
    }
    return weather
  }

  /** Calls `told` after every change, until the returned function is called. */
  onChange(told: () => void): () => void {
    this.#changed.add(told)
    return () => this.#changed.delete(told)
  }

  /** Resolves once no way between the two is cut, or `signal` aborts. */
  async untilOpen(one: string, other: string, signal: AbortSignal): Promise<void> {
    const isOpen = () => signal.aborted || (!this.on(one, other).cut && !this.on(other, one).cut)
    if (isOpen()) return
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isOpen()) return
        forget()
        signal.removeEventListener('abort', look)
        resolve()
      }
      const forget = this.onChange(look)
      signal.addEventListener('abort', look)
    })
  }

  #tell(): void {
    for (const told of [...this.#changed]) told()
  }
}

/** Names the way from one process to another. */
export const way = (from: string, to: string): string => `${from} > ${to}`
