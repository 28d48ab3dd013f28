import { untilNextMs, type Clock, type Timer } from '../runtime/clock.ts'

/** How often a disk is asked whether it can be written to. */
const DISK_CHECK_MS = 250
/** The same while it can be, and nothing is appended. */
const RESTING_DISK_CHECK_MS = 1_000

/** A ledger or an order log. It knows why nothing more should be written to it for now. */
interface WatchedStore {
  trouble(): string | undefined
  head(): { readonly length: number }
}

/**
 * Asks a store regularly whether it can be written to, and tells the owner when the answer changes. So the owner stops
 * before a write fails on a full disk, and resumes soon after there is room.
 */
export class DiskWatch {
  readonly #clock: Clock
  readonly #store: WatchedStore
  readonly #changed: (trouble: string | undefined) => void
  #trouble: string | undefined
  #next: Timer | undefined
  #length = 0

  /** Calls `changed` with the reason why nothing can be written, or with undefined when writing is possible again. */
  constructor(clock: Clock, store: WatchedStore, changed: (trouble: string | undefined) => void) {
    this.#clock = clock
    this.#store = store
    this.#changed = changed
  }

  /** Why nothing can be written, by the last look; undefined when writing is possible, and before the start. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Looks at once, and then again and again. `known` is the trouble that the owner knows of already. */
  start(known?: string): void {
    this.#trouble = known
    this.#look()
  }

  /** Stops looking. */
  close(): void {
    this.#next?.cancel()
  }

  #look(): void {
    const trouble = this.#store.trouble()
    const { length } = this.#store.head()
    const isIdle = trouble === undefined && length === this.#length
    this.#length = length
    this.#next = this.#clock.after(isIdle ? untilNextMs(this.#clock, RESTING_DISK_CHECK_MS) : DISK_CHECK_MS, () => this.#look())
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.#changed(trouble)
  }
}
