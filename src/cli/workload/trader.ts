import type { Answer, BazaarClient, PlaceAnswer } from '../../http/client.ts'
import type { OrderData, StockData } from '../../http/types.ts'
import { fraction } from '../../http/retry.ts'
import type { Random } from '../../runtime/random.ts'
import type { Latencies, Operation } from './latency.ts'
import type { Tally } from './tally.ts'

const UNKNOWN_STOCK = 'no-such-stock'
const QUANTITY_MAX = 100

export interface TraderOptions {
  /** Stocks to choose from. */
  readonly names: readonly string[]
  readonly rounds: number
  /** The probability that a round places an order, 0 to 1. */
  readonly probability: number
  /** True when one of the stock names is unknown on purpose. */
  readonly testMode: boolean
}

/** A request of a trader. `order` is what is placed. */
export interface Asking {
  readonly operation: Operation
  /** The stock of a lookup or an order. */
  readonly name?: string
  readonly order?: Omit<OrderData, 'number'>
  /** The number of a query. */
  readonly number?: number
}

/** Hears of every answer as it comes. */
export interface TraderObserver {
  /** Hears of a request that is about to be sent. What it returns is called with the answer. */
  asks(asking: Asking): (answer: Answer<unknown> | PlaceAnswer) => void
  lookedUp(name: string, answer: Answer<StockData>): void
  traded(order: Omit<OrderData, 'number'>, answer: PlaceAnswer): void
  queried(order: OrderData, answer: Answer<OrderData>): void
  roundDone(): void
}

/** One client of the contract: looks up, sometimes trades, and remembers what was accepted. */
export class Trader {
  readonly #client: BazaarClient
  readonly #options: TraderOptions
  readonly #random: Random
  readonly #latencies: Latencies
  readonly #tally: Tally
  readonly #observer: TraderObserver
  readonly #accepted: OrderData[] = []

  constructor(client: BazaarClient, options: TraderOptions, random: Random, latencies: Latencies, tally: Tally, observer: TraderObserver) {
    this.#client = client
    this.#options = options
    this.#random = random
    this.#latencies = latencies
    this.#tally = tally
    this.#observer = observer
  }

  async trade(): Promise<void> {
    const { rounds, probability, testMode } = this.#options
    const names = testMode ? [...this.#options.names, UNKNOWN_STOCK] : this.#options.names
    for (let round = 0; round < rounds; round++) {
      const name = names[this.#below(names.length)]!
      await this.#lookUp(name)
      if (fraction(this.#random) < probability) await this.#place(name)
      this.#observer.roundDone()
    }
  }

  /** Queries every accepted order, and compares the answer with what was placed. */
  async verify(): Promise<void> {
    for (const order of this.#accepted) {
      const answer = await this.#ask({ operation: 'query', number: order.number }, () => this.#client.order(order.number))
      this.#tally.queried(order, answer)
      this.#observer.queried(order, answer)
    }
  }

  async #lookUp(name: string): Promise<void> {
    const answer = await this.#ask({ operation: 'lookup', name }, () => this.#client.stock(name))
    this.#tally.lookedUp(answer)
    this.#observer.lookedUp(name, answer)
  }

  async #place(name: string): Promise<void> {
    const type = this.#below(2) === 0 ? 'buy' : 'sell'
    const order = { name, type, quantity: 1 + this.#below(QUANTITY_MAX) }
    const answer = await this.#ask({ operation: 'trade', name, order }, () => this.#client.place(order))
    this.#tally.traded(answer)
    if (answer.kind === 'ok') this.#accepted.push({ number: answer.number, ...order })
    this.#observer.traded(order, answer)
  }

  async #ask<T extends Answer<unknown> | PlaceAnswer>(asking: Asking, ask: () => Promise<T>): Promise<T> {
    const hear = this.#observer.asks(asking)
    const answer = await this.#latencies.measure(asking.operation, ask)
    hear(answer)
    return answer
  }

  /** Returns a random integer from 0 up to, not including, `limit`. */
  #below(limit: number): number {
    return Math.floor(fraction(this.#random) * limit)
  }
}
