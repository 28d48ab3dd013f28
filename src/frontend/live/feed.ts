import { LIMITS } from '../../domain/limits.ts'
import { sleep, type Clock } from '../../runtime/clock.ts'
import type { Entries, Entry, StockView, Tailed } from '../../wire/messages.ts'
import { RETRY_MS } from '../patience.ts'

/** Pause between two reads of a leader that does not tell orders by itself. */
const PAGES_INTERVAL_MS = 200
/** So many orders before the newest one are told at the beginning. */
const NEWEST = 50

/** A leader that tells published orders as they come. */
export interface TailedLeader {
  readonly canTail: boolean
  /** Asks for each published order from number `from` on. Its messages name `tail`. The tail 0 ends it. */
  tail(tail: number, from: number): void
}

/** Where the feed asks. Each question resolves with undefined when there is no answer now. */
export interface FeedSources {
  readonly clock: Clock
  /** Which life of which history the catalogue has. */
  history(): Promise<Pick<Entries, 'generation' | 'recoveredGeneration'> | undefined>
  /** The cluster that the catalogue belongs to; undefined before it has named it. */
  clusterId(): string | undefined
  /** The published length: no less than anybody was ever told. */
  confirmed(): Promise<number | undefined>
  /** All stocks, as they are after the orders below `position`. */
  stocks(): Promise<{ readonly stocks: readonly StockView[]; readonly position: number } | undefined>
  /** Published orders from a number on, from whoever can tell. */
  orders(from: number, limit: number): Promise<readonly Entry[] | undefined>
}

/** The beginning of a feed. */
export interface FeedBeginning {
  /** Names the history that the numbers belong to. It has no "-". */
  readonly history: string
  /** The first order that will be told. */
  readonly from: number
  /** Everybody was told of orders below this number only. */
  readonly confirmed: number
  readonly stocks: readonly StockView[]
  /** These stocks are as they are after the orders below this number. */
  readonly position: number
}

/** Takes in what the feed has found. */
export interface FeedOwner {
  /** The feed begins. All that it has told before is over: it belongs to another history. */
  begun(beginning: FeedBeginning): void
  /** The next orders. */
  told(entries: readonly Entry[]): void
}

/**
 * Gets each published order, in order, as long as somebody wants them.
 *
 * J1. Only published orders are told, each one once, and none is left out. After an election the next leader is asked for the
 *     orders after the last one told.
 * J2. All orders that are told belong to one history. The generation of the catalogue under which a leader publishes names it.
 *     Orders of a generation whose history is not known are not told.
 */
export class Feed {
  readonly #sources: FeedSources
  readonly #owner: FeedOwner
  #leader: TailedLeader | undefined
  #running: AbortController | undefined
  #history: { readonly name: string; readonly generation: number } | undefined
  #next = 0
  #reach = NEWEST
  #lastTail = 0
  /** The tail whose orders are taken in; 0: none. */
  #tail = 0
  /** Ends a wait for the leader. */
  #wake: () => void = () => {}

  constructor(sources: FeedSources, owner: FeedOwner) {
    this.#sources = sources
    this.#owner = owner
  }

  /** Begins, with at least so many of the newest orders. */
  start(reach: number): void {
    if (this.#running) return
    this.#reach = Math.max(reach, NEWEST)
    const running = (this.#running = new AbortController())
    void this.#run(running.signal)
  }

  /** Nobody wants orders any more. */
  stop(): void {
    this.#running?.abort()
    this.#running = this.#history = undefined
    this.#endTail()
    this.#wake()
  }

  /** This replica leads now; undefined: none does. */
  led(leader: TailedLeader | undefined): void {
    this.#endTail()
    this.#leader = leader
    this.#wake()
  }

  /** A leader tells orders. */
  tailed(leader: TailedLeader, { tail, from, entries, generation }: Tailed): void {
    if (tail !== this.#tail || tail === 0 || leader !== this.#leader) return
    const isKnown = generation === this.#history?.generation && from === this.#next
    if (isKnown && this.#take(entries)) return // J2
    this.#endTail()
    this.#wake()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#sources
    while (!signal.aborted) {
      if (!(await this.#learnHistory(signal))) await sleep(clock, RETRY_MS, signal)
      else if (this.#leader?.canTail) await this.#tailLeader(this.#leader, signal)
      else await this.#readPage(signal)
    }
  }

  /** Finds out which history there is. Begins anew when it is another one. Returns false when nobody can tell now. */
  async #learnHistory(signal: AbortSignal): Promise<boolean> {
    const head = await this.#sources.history()
    const clusterId = this.#sources.clusterId()
    if (signal.aborted || !head || clusterId === undefined) return false
    const { generation, recoveredGeneration } = head
    const name = `${clusterId.replaceAll(/[^0-9A-Za-z]/g, '').slice(0, 8)}.${recoveredGeneration}`
    if (this.#history?.name !== name) return this.#begin({ name, generation }, signal)
    this.#history = { name, generation }
    return true
  }

  async #begin(history: { readonly name: string; readonly generation: number }, signal: AbortSignal): Promise<boolean> {
    const confirmed = await this.#sources.confirmed()
    const found = confirmed === undefined ? undefined : await this.#sources.stocks()
    if (signal.aborted || confirmed === undefined || !found) return false
    const from = Math.max(0, confirmed - this.#reach)
    this.#reach = NEWEST
    this.#history = history
    this.#next = from
    this.#owner.begun({ history: history.name, from, confirmed, ...found })
    return true
  }

  /** Resolves when this leader is to be asked no more, or not before the history was looked at again. */
  async #tailLeader(leader: TailedLeader, signal: AbortSignal): Promise<void> {
    const over = new Promise<void>((resolve) => (this.#wake = resolve))
    this.#lastTail += 1
    this.#tail = this.#lastTail
    leader.tail(this.#tail, this.#next)
    await over
    // Leader and catalogue may not agree yet which generation there is.
    if (leader === this.#leader) await sleep(this.#sources.clock, RETRY_MS, signal)
  }

  /** Reads orders, for a leader that does not tell them by itself, and while nobody leads. */
  async #readPage(signal: AbortSignal): Promise<void> {
    const history = this.#history
    const from = this.#next
    const entries = await this.#sources.orders(from, LIMITS.listingMax)
    // The catalogue says after the read whether the orders belong to the history.
    const isKnown = entries && (await this.#learnHistory(signal))
    if (signal.aborted || this.#leader?.canTail) return
    if (isKnown && this.#history?.name === history?.name && this.#next === from) this.#take(entries) // J2
    if (!entries || entries.length < LIMITS.listingMax) await sleep(this.#sources.clock, PAGES_INTERVAL_MS, signal)
  }

  /** Tells these orders, unless they are not the next ones. */
  #take(entries: readonly Entry[]): boolean {
    const from = this.#next
    if (!entries.every(({ number }, at) => number === from + at)) return false // J1
    this.#next += entries.length
    if (entries.length > 0) this.#owner.told(entries)
    return true
  }

  #endTail(): void {
    if (this.#tail > 0) this.#leader?.tail(0, 0)
    this.#tail = 0
  }
}
