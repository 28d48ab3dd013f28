import type { OrdersApi, OrderWords, PlacedAnswer } from './orders-api.ts'

/** How often an acknowledged order is asked for once more with its key: each that was repeated, and one of so many others. */
const ASK_AGAIN_EVERY = 8
const FIRST_REPEAT_MS = 100
const LONGEST_REPEAT_MS = 1_000

/** One order of the witness. */
export interface WitnessOrder extends OrderWords {
  readonly key: string
  /** How often it was sent. */
  tries: number
  /** The number that it was acknowledged with. */
  number?: number
  /** From the first try to the acknowledgement. */
  ackMs?: number
  /** Why the system refused it. */
  refused?: string
  /** How often it was read and found as it was placed. */
  reads: number
  /** True once a read has missed it, or has shown another order in its place. It stays so. */
  lost: boolean
  /** True once its key was answered with two numbers. */
  doubled: boolean
}

/** The account of all orders of a witness. */
export interface WitnessCounts {
  /** Orders that were sent at least once. */
  readonly sent: number
  readonly underWay: number
  readonly acknowledged: number
  /** Of these, the ones that were read and were there. */
  readonly there: number
  readonly refused: number
  /** Orders that were sent again with their key, as nobody knew what had become of them. */
  readonly repeated: number
  readonly lost: number
  readonly doubled: number
  /** The longest time until an acknowledgement. */
  readonly longestMs: number
}

export interface WitnessOptions {
  readonly api: OrdersApi
  readonly newKey: () => string
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Called when a count may have changed. */
  readonly changed: () => void
}

/**
 * A client that trusts nobody. It places orders with keys of its own, repeats each until it is decided, reads each again by its
 * number, and counts: an acknowledged order that is not there is lost, a key with two numbers was carried out twice.
 */
export class Witness {
  readonly #options: WitnessOptions
  readonly #orders: WitnessOrder[] = []
  readonly #byNumber = new Map<number, WitnessOrder>()

  constructor(options: WitnessOptions, earlier: readonly WitnessOrder[] = []) {
    this.#options = options
    for (const order of earlier) this.#keep(order)
  }

  get orders(): readonly WitnessOrder[] {
    return this.#orders
  }

  orderWith(number: number): WitnessOrder | undefined {
    return this.#byNumber.get(number)
  }

  /** Places an order. Resolves once it is decided. */
  async place(words: OrderWords): Promise<WitnessOrder> {
    const { newKey, nowMs, changed } = this.#options
    const order: WitnessOrder = { ...words, key: newKey(), tries: 0, reads: 0, lost: false, doubled: false }
    this.#orders.push(order)
    const beganMs = nowMs()
    const answer = await this.#untilDecided(order)
    if (answer.kind === 'refused') order.refused = answer.why
    else {
      order.ackMs = nowMs() - beganMs
      this.#acknowledged(order, answer.number)
      if (order.tries > 1 || answer.number % ASK_AGAIN_EVERY === 0) await this.askAgain(order)
    }
    changed()
    return order
  }

  /** Sends an acknowledged order once more with its key. The answer has to be its number. */
  async askAgain(order: WitnessOrder): Promise<void> {
    const answer = await this.#options.api.place(order, order.key)
    if (answer.kind === 'placed' && answer.number !== order.number) order.doubled = true
    this.#options.changed()
  }

  /** Reads an acknowledged order by its number. Resolves with false when nobody could say. */
  async read(order: WitnessOrder): Promise<boolean> {
    if (order.number === undefined) return true
    const answer = await this.#options.api.read(order.number)
    if (answer.kind === 'unknown') return false
    if (answer.kind === 'found' && isSame(order, answer.order)) order.reads += 1
    else order.lost = true
    this.#options.changed()
    return true
  }

  /** Reads all acknowledged orders, a few at a time. Resolves with how many could not be asked for. */
  async readAll(atATime = 6): Promise<number> {
    const waiting = this.#orders.filter(({ number }) => number !== undefined)
    let unanswered = 0
    const work = async (): Promise<void> => {
      for (let order = waiting.pop(); order; order = waiting.pop()) if (!(await this.read(order))) unanswered += 1
    }
    await Promise.all(Array.from({ length: atATime }, work))
    return unanswered
  }

  counts(): WitnessCounts {
    const count = (which: (order: WitnessOrder) => boolean): number => this.#orders.reduce((sum, order) => sum + Number(which(order)), 0)
    return {
      sent: this.#orders.length,
      underWay: count(({ number, refused }) => number === undefined && refused === undefined),
      acknowledged: count(({ number }) => number !== undefined),
      there: count(({ reads, lost }) => reads > 0 && !lost),
      refused: count(({ refused }) => refused !== undefined),
      repeated: count(({ tries }) => tries > 1),
      lost: count(({ lost }) => lost),
      doubled: count(({ doubled }) => doubled),
      longestMs: this.#orders.reduce((longest, { ackMs = 0 }) => Math.max(longest, ackMs), 0),
    }
  }

  async #untilDecided(order: WitnessOrder): Promise<Exclude<PlacedAnswer, { kind: 'unknown' }>> {
    const { api, sleep, changed } = this.#options
    while (true) {
      order.tries += 1
      changed()
      const answer = await api.place(order, order.key)
      if (answer.kind !== 'unknown') return answer
      await sleep(Math.min(LONGEST_REPEAT_MS, FIRST_REPEAT_MS * 2 ** (order.tries - 1)))
    }
  }

  /** Notes the number of an order. One number for two orders means that one of these is not where it was said to be. */
  #acknowledged(order: WitnessOrder, number: number): void {
    const other = this.#byNumber.get(number)
    order.number = number
    if (other) order.lost = true
    else this.#byNumber.set(number, order)
  }

  #keep(order: WitnessOrder): void {
    this.#orders.push(order)
    if (order.number !== undefined) this.#byNumber.set(order.number, order)
  }
}

const isSame = (one: OrderWords, other: OrderWords): boolean =>
  one.name === other.name && one.type === other.type && one.quantity === other.quantity
