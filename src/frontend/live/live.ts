import { LIMITS } from '../../domain/limits.ts'
import type { LiveState, OrderRow, StockRow, StoryItem } from '../../http/live.ts'
import type { StatusData } from '../../http/types.ts'
import { sleep, type Clock, type Timer } from '../../runtime/clock.ts'
import type { EventStream } from '../../runtime/event-stream.ts'
import { SharedAnswer } from '../../runtime/shared-answer.ts'
import type { Entry } from '../../wire/messages.ts'
import { RETRY_MS } from '../patience.ts'
import type { CacheWatch } from './cache-watch.ts'
import { ALIVE, eventText, idOf, orderRow, parseId, retryText, stockRow, type ResumePoint } from './event-text.ts'
import { Feed, type FeedBeginning, type FeedOwner, type FeedSources } from './feed.ts'
import { Levels } from './levels.ts'
import { OrderRing } from './order-ring.ts'
import { Reader } from './reader.ts'
import type { StateWatch } from './state-watch.ts'
import type { Story } from './story.ts'

/** How long a reader waits before it comes again. */
const COMES_AGAIN_MS = 300
/** Orders of this time travel in one message. The first one after a pause travels at once. */
const FRAME_MS = 100
/** The same when there are many readers. */
const CROWD_FRAME_MS = 250
const CROWD_READERS = 200
const STATE_INTERVAL_MS = 500
const ALIVE_INTERVAL_MS = 15_000
/** A reader that comes while nobody can tell the orders is told the state after this. */
const HELLO_PATIENCE_MS = 1_000
const NEWEST_ORDERS = 50

export interface LiveParts {
  readonly clock: Clock
  readonly frontEndId: string
  readonly sources: FeedSources
  readonly state: StateWatch
  readonly story: Story
  readonly cache: CacheWatch
  /** The first reader has come (true), or the last one has left. */
  watched(isWatched: boolean): void
}

/** `GET /v1/status`: how everything is, as the live stream tells it, and all that `GET /status` tells. */
export type WholeStatusData = LiveState & Omit<StatusData, 'leader'>

/** The history that the feed tells. */
type Begun = Pick<FeedBeginning, 'history' | 'confirmed'>

/** The live stream of one front end: its readers, and what they get. Nothing is asked and nothing is made while there are none. */
export class Live implements FeedOwner {
  readonly #parts: LiveParts
  readonly #feed: Feed
  readonly #ring = new OrderRing(LIMITS.heldOrdersMax)
  readonly #levels = new Levels()
  readonly #readers = new Set<Reader>()
  readonly #confirmed: SharedAnswer<number | undefined>
  #begun: Begun | undefined
  /** Orders below this number have been told to the readers that are live. */
  #told = 0
  #timers: readonly Timer[] = []
  #frame: Timer | undefined
  #framedAt = -Infinity
  #state: LiveState | undefined
  /** Who begins between two messages gets the same bytes. */
  #hellos = new Map<boolean, Buffer>()

  constructor(parts: LiveParts) {
    this.#parts = parts
    this.#feed = new Feed(parts.sources, this)
    this.#confirmed = new SharedAnswer(() => parts.sources.confirmed())
    parts.story.onItem = (item) => this.#storyTold(item)
  }

  get readers(): number {
    return this.#readers.size
  }

  get hasRoom(): boolean {
    return this.#readers.size < LIMITS.readersMax
  }

  /** Returns how everything is, for one who asks once. */
  async status(): Promise<WholeStatusData> {
    const { state, status } = await this.#parts.state.glance(this.#readers.size)
    return { ...status, ...state }
  }

  /** Where it gets its orders. */
  get feed(): Pick<Feed, 'led' | 'tailed'> {
    return this.#feed
  }

  /** Takes a reader in, while there is room. `lastEventId`: the last id that it has got from any front end. */
  join(stream: EventStream, lastEventId: string | undefined): void {
    const { clock } = this.#parts
    const resume = lastEventId === undefined ? undefined : (parseId(lastEventId) ?? { history: '', number: 0 })
    const reader = new Reader(clock, stream, resume)
    this.#readers.add(reader)
    stream.onGone(() => this.#left(reader))
    stream.write(Buffer.from(retryText(COMES_AGAIN_MS)))
    if (this.#readers.size === 1) this.#start(resume)
    void this.#admit(reader)
    clock.after(HELLO_PATIENCE_MS, () => this.#greetWaiting(reader))
  }

  /** Something has changed that is no counter: the state is told at once. */
  changed(): void {
    if (this.#readers.size > 0) void this.#tellState()
  }

  /** Cache events wait for the next message. */
  noted(): void {
    this.#frameSoon()
  }

  close(): void {
    for (const reader of [...this.#readers]) {
      reader.end()
      this.#left(reader)
    }
  }

  begun({ history, confirmed, from, stocks, position }: FeedBeginning): void {
    const before = this.#begun
    if (before && before.history !== history)
      this.#parts.story.tell('recovered', 'The ledger was recovered: numbers may stand for other orders now.')
    this.#begun = { history, confirmed }
    this.#ring.begin(from)
    this.#told = from
    this.#levels.begin(stocks, position)
    this.#hellos.clear()
    for (const reader of this.#readers) {
      if (reader.phase === 'waiting') void this.#admit(reader)
      else this.#reset(reader, 'the orders belong to another history now')
    }
  }

  told(entries: readonly Entry[]): void {
    this.#ring.add(entries)
    this.#frameSoon()
  }

  // ---- from the first reader to the last ------------------------------------------------------------------------

  #start(resume: ResumePoint | undefined): void {
    const { clock, watched } = this.#parts
    watched(true)
    this.#feed.start(resume ? LIMITS.heldOrdersMax : NEWEST_ORDERS)
    this.#timers = [
      clock.every(STATE_INTERVAL_MS, () => this.#tick()),
      clock.every(ALIVE_INTERVAL_MS, () => this.#write(ALIVE, () => true)),
    ]
    void this.#tellState()
  }

  #left(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return
    this.#feed.stop()
    for (const timer of this.#timers) timer.cancel()
    this.#frame?.cancel()
    this.#timers = []
    this.#frame = this.#begun = this.#state = undefined
    this.#ring.begin(0)
    this.#levels.begin([], 0)
    this.#hellos.clear()
    this.#parts.watched(false)
  }

  // ---- how a reader begins --------------------------------------------------------------------------------------

  /** True when this front end knows all orders that any reader may have been told before the feed began. */
  get #isComplete(): boolean {
    return this.#begun !== undefined && this.#ring.end >= this.#begun.confirmed
  }

  async #admit(reader: Reader): Promise<void> {
    if (!this.#isComplete || !this.#state || reader.phase !== 'waiting' || !this.#readers.has(reader)) return
    const { resume } = reader
    this.#flush()
    if (!resume) return reader.isGreeted ? this.#reset(reader, 'the orders can be told now') : this.#begin(reader)
    const { history } = this.#begun!
    if (resume.history !== history) return this.#reset(reader, 'the Last-Event-ID belongs to another history')
    if (resume.number < this.#told) return this.#resume(reader, resume.number + 1)
    // Another front end may have told it more than is known here.
    const confirmed = await this.#confirmed.get()
    if (confirmed === undefined || reader.phase !== 'waiting' || this.#begun?.history !== history) return
    if (resume.number < confirmed) this.#resume(reader, resume.number + 1)
    else this.#reset(reader, 'the Last-Event-ID names an order that does not exist')
  }

  #begin(reader: Reader): void {
    reader.next = this.#told
    reader.phase = 'live'
    this.#greet(reader, true)
  }

  #resume(reader: Reader, next: number): void {
    reader.next = next
    this.#greet(reader, false)
    this.#advance(reader)
  }

  #reset(reader: Reader, why: string): void {
    reader.beginnings += 1
    reader.resume = undefined
    reader.phase = 'waiting'
    reader.isGreeted = false
    void reader.writeFirst(Buffer.from(eventText('reset', { why })))
    void this.#admit(reader)
  }

  /** Tells a reader at least the state while nobody can tell the orders. It begins anew when somebody can. */
  #greetWaiting(reader: Reader): void {
    const isWaiting = reader.phase === 'waiting' && !reader.isGreeted && this.#readers.has(reader)
    if (isWaiting && this.#state) this.#greet(reader, false)
  }

  #greet(reader: Reader, withOrders: boolean): void {
    reader.isGreeted = true
    void reader.writeFirst(this.#hello(withOrders))
  }

  #hello(withOrders: boolean): Buffer {
    const made = this.#hellos.get(withOrders)
    if (made) return made
    const { frontEndId, sources, story } = this.#parts
    const end = this.#told
    const first = Math.max(this.#ring.start, end - NEWEST_ORDERS)
    const hello = {
      frontEnd: frontEndId,
      cluster: sources.clusterId() ?? '',
      history: this.#begun?.history ?? '',
      published: end,
      stocks: [...this.#levels.all()].map(stockRow),
      orders: withOrders ? this.#ring.slice(first, end).map(orderRow) : [],
      story: story.items,
      state: this.#state!,
    }
    const bytes = Buffer.from(eventText('hello', hello))
    this.#hellos.set(withOrders, bytes)
    return bytes
  }

  /** Gives a reader what it lacks, until it is live. */
  #advance(reader: Reader): void {
    if (reader.next > this.#told) reader.phase = 'ahead'
    else if (reader.next < this.#ring.start) void this.#readBack(reader)
    else {
      const rows = this.#ring.slice(reader.next, this.#told).map(orderRow)
      reader.next = this.#told
      reader.phase = 'live'
      if (rows.length > 0) void reader.writeFirst(this.#ordersText(rows))
    }
  }

  /** Reads orders that are not held any more, page by page, at the pace at which the reader takes them. */
  async #readBack(reader: Reader): Promise<void> {
    const { clock, sources } = this.#parts
    const { beginnings } = reader
    reader.phase = 'behind'
    const isOver = () => !this.#readers.has(reader) || reader.isGone || reader.beginnings !== beginnings
    while (!isOver() && reader.next < this.#ring.start) {
      const from = reader.next
      const entries = await sources.orders(from, LIMITS.listingMax)
      if (isOver()) return
      if (!entries || entries.length === 0 || !entries.every(({ number }, at) => number === from + at)) await sleep(clock, RETRY_MS)
      else {
        reader.next += entries.length
        await reader.writeFirst(this.#ordersText(entries.map(orderRow)))
      }
    }
    if (!isOver()) this.#advance(reader)
  }

  // ---- what everybody gets --------------------------------------------------------------------------------------

  #frameSoon(): void {
    if (this.#frame || this.#readers.size === 0) return
    const { clock } = this.#parts
    const everyMs = this.#readers.size > CROWD_READERS ? CROWD_FRAME_MS : FRAME_MS
    const waitMs = Math.max(0, this.#framedAt + everyMs - clock.monotonicMs())
    this.#frame = clock.after(waitMs, () => {
      this.#frame = undefined
      this.#framedAt = clock.monotonicMs()
      this.#flush()
      const items = this.#parts.cache.take()
      if (items.length > 0) this.#write(Buffer.from(eventText('cache', { items })), ({ phase }) => phase === 'live')
      this.#admitAll()
    })
  }

  /** Tells the orders that have come. */
  #flush(): void {
    const from = this.#told
    const end = this.#ring.end
    if (end === from) return
    this.#told = end
    this.#hellos.clear()
    const entries = this.#ring.slice(from, end)
    const rows: readonly StockRow[] = this.#levels.carryOut(entries).map(stockRow)
    const stocks = rows.length > 0 ? eventText('stocks', { rows }) : ''
    const bytes = Buffer.concat([this.#ordersText(entries.map(orderRow)), Buffer.from(stocks)])
    for (const reader of this.#readers) if (reader.phase === 'live') reader.next = end
    this.#write(bytes, ({ phase }) => phase === 'live')
    for (const reader of this.#readers) if (reader.phase === 'ahead' && reader.next <= end) this.#advance(reader)
  }

  #ordersText(rows: readonly OrderRow[]): Buffer {
    return Buffer.from(eventText('orders', { rows }, idOf({ history: this.#begun!.history, number: rows.at(-1)![0] })))
  }

  #write(bytes: Buffer, isMeant: (reader: Reader) => boolean): void {
    for (const reader of this.#readers) if (isMeant(reader) && !reader.write(bytes)) reader.cut() // J3
  }

  #storyTold(item: StoryItem): void {
    this.#hellos.clear()
    this.#write(Buffer.from(eventText('story', { items: [item] })), ({ isGreeted }) => isGreeted)
  }

  #tick(): void {
    for (const reader of this.#readers) if (reader.isLate) reader.cut()
    void this.#tellState()
  }

  async #tellState(): Promise<void> {
    const state = await this.#parts.state.look({ published: this.#ring.end, readers: this.#readers.size, isComplete: this.#isComplete })
    if (!state || this.#readers.size === 0) return
    this.#state = state
    this.#hellos.clear()
    this.#write(Buffer.from(eventText('state', state)), ({ isGreeted }) => isGreeted)
    this.#admitAll()
  }

  #admitAll(): void {
    for (const reader of this.#readers) if (reader.phase === 'waiting') void this.#admit(reader)
  }
}
