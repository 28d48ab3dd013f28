import type { OrderRequest } from '../domain/order.ts'
import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import type { DecidedBatch, Ledger } from '../storage/ledger.ts'
import { decide } from './decide.ts'
import type { Retention } from './retention.ts'

/** One caller's share of a decided group. */
export interface DecidedShare {
  /** The whole group. Its entries concern every replica. */
  readonly group: DecidedBatch
  /** Where this caller's outcomes begin in the group's, and how many they are. */
  readonly first: number
  readonly count: number
}

interface Waiting {
  readonly caller: object | undefined
  readonly requests: readonly OrderRequest[]
  readonly resolve: (share: DecidedShare) => void
  readonly reject: (error: Error) => void
}

/** Called with every decided group once it is on disk, and with the callers that get a share of it. */
type OnDecided = (group: DecidedBatch, callers: ReadonlySet<object | undefined>) => void

/**
 * Group commit: requests that arrive while one group is decided and synced make up the next group. Groups are decided
 * strictly one after the other (L2). `onDecided` is called for each group before its callers get their shares.
 */
export class Decisions {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #retention: Retention
  readonly #onDecided: OnDecided
  #waiting: Waiting[] = []
  #running = false
  batches = 0
  requests = 0

  constructor(ledger: Ledger, clock: Clock, retention: Retention, onDecided: OnDecided) {
    this.#ledger = ledger
    this.#clock = clock
    this.#retention = retention
    this.#onDecided = onDecided
  }

  get idle(): boolean {
    return !this.#running
  }

  /** Decides the requests in order, together with all others that wait. Rejects when the ledger has failed. */
  decide(requests: readonly OrderRequest[], caller?: object): Promise<DecidedShare> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ caller, requests, resolve, reject })
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#decideGroup(group)
      } catch (error) {
        for (const waiting of group) waiting.reject(error as Error)
      }
    }
    this.#running = false
  }

  #takeGroup(): Waiting[] {
    let requests = 0
    const end = this.#waiting.findIndex((waiting, i) => {
      requests += waiting.requests.length
      return i > 0 && requests > LIMITS.decisionsMax
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  async #decideGroup(waiting: readonly Waiting[]): Promise<void> {
    const requests = waiting.length === 1 ? waiting[0]!.requests : waiting.flatMap((each) => each.requests)
    const timeMs = Math.max(0, this.#clock.wallMs()) // A clock may be in the years before 1970.
    const group = await this.#ledger.decide(decide, requests, timeMs, this.#retention.nowMs)
    this.batches += 1
    this.requests += requests.length
    this.#onDecided(group, new Set(waiting.map((each) => each.caller)))
    let first = 0
    for (const each of waiting) {
      each.resolve({ group, first, count: each.requests.length })
      first += each.requests.length
    }
  }
}
