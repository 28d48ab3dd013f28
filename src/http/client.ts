import { Agent } from 'node:http'
import { sleep, systemClock, type Clock } from '../runtime/clock.ts'
import { IDLE_CONNECTION_MS } from '../runtime/kept-connections.ts'
import { systemRandom, type Random } from '../runtime/random.ts'
import { readPlaced, readValue, type Answer, type Attempt, type PlaceAnswer, type Refused } from './answers.ts'
import { exchange, type Exchange, type ExchangeResult } from '../runtime/http-exchange.ts'
import { retryDelayMs } from './retry.ts'
import type { LeaderData, OrderData, OrderListData, StatusData, StockData, StockListData } from './types.ts'

export type { Answer, PlaceAnswer } from './answers.ts'

export interface ClientOptions {
  readonly host: string
  readonly port: number
  /** How long one attempt may take. Default 10 000. */
  readonly timeoutMs?: number
  /**
   * How long a request is repeated while its outcome is unknown, counted from the first attempt. 0: one attempt. Default 10
   * 000.
   */
  readonly retryForMs?: number
  /** Hears of each request that is sent again, and why. */
  readonly onRetry?: (cause: string) => void
  readonly clock?: Clock
  readonly random?: Random
}

export interface OrderToPlace {
  readonly name: string
  readonly type: string
  readonly quantity: number
}

/**
 * A client of one front end over kept connections.
 *
 * H1. An order is repeated only with the same Idempotency-Key, so a repeat never buys twice.
 * H2. A request is repeated only while its outcome is unknown (no connection, no answer, 5xx). A refusal is an answer.
 * H3. Every call ends within `retryForMs` and the time of one attempt.
 */
export class BazaarClient {
  readonly #options: Required<ClientOptions>
  readonly #agent: Agent

  constructor(options: ClientOptions) {
    this.#options = {
      timeoutMs: 10_000,
      retryForMs: 10_000,
      onRetry: () => {},
      clock: systemClock,
      random: systemRandom,
      ...options,
    }
    this.#agent = new Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS })
  }

  stock(name: string): Promise<Answer<StockData>> {
    return this.#get(`/stocks/${encodeURIComponent(name)}`)
  }

  stocks(): Promise<Answer<StockListData>> {
    return this.#get('/stocks')
  }

  order(number: number): Promise<Answer<OrderData>> {
    return this.#get(`/orders/${number}`)
  }

  /** Asks for the orders with a number above `after` (default -1), at most `limit` of them (default 100). */
  orders({ after = -1, limit = 100 }: { after?: number; limit?: number } = {}): Promise<Answer<OrderListData>> {
    return this.#get(`/orders?after=${after}&limit=${limit}`)
  }

  leader(): Promise<Answer<LeaderData>> {
    return this.#get('/leader')
  }

  status(): Promise<Answer<StatusData>> {
    return this.#get('/status')
  }

  /** Places an order once, however often it has to be sent. The answer carries the key that the order was sent under. */
  async place(order: OrderToPlace, { key = this.#options.random.id(16) }: { key?: string } = {}): Promise<PlaceAnswer> {
    const body = JSON.stringify({ name: order.name, quantity: order.quantity, type: order.type })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': key,
    }
    const request: Exchange = { method: 'POST', path: '/orders', headers, body } // H1
    const { attempt, mayHaveHappened } = await this.#untilKnown(request, (result) => readPlaced(result, key))
    if (attempt.kind !== 'unknown') return attempt
    return { kind: 'unknown', cause: attempt.cause, key, mayHaveBeenPlaced: mayHaveHappened }
  }

  /** Closes the idle connections and breaks the others. */
  close(): void {
    this.#agent.destroy()
  }

  async #get<T>(path: string): Promise<Answer<T>> {
    const { attempt } = await this.#untilKnown({ method: 'GET', path }, (result) => readValue<T>(result))
    return attempt.kind === 'unknown' ? { kind: 'unknown', cause: attempt.cause } : attempt
  }

  async #untilKnown<V extends { kind: 'ok' }>(
    request: Exchange,
    read: (result: ExchangeResult) => Attempt<V>,
  ): Promise<{ attempt: V | Refused | Extract<Attempt<V>, { kind: 'unknown' }>; mayHaveHappened: boolean }> {
    const { clock, random, retryForMs, onRetry } = this.#options
    const target = { ...this.#options, agent: this.#agent }
    const giveUpAtMs = clock.monotonicMs() + retryForMs
    let mayHaveHappened = false
    for (let failures = 1; ; failures++) {
      let result = await exchange(target, request)
      if (result.kind === 'failed' && result.stale) {
        // Either the server closed an idle connection just before it was used, or it read the request and then died.
        mayHaveHappened = true
        onRetry(result.cause)
        result = await exchange(target, request)
      }
      const attempt = read(result)
      if (attempt.kind !== 'unknown') return { attempt, mayHaveHappened } // H2
      mayHaveHappened ||= attempt.mayHaveHappened
      const delayMs = retryDelayMs(failures, attempt.retryAfterMs, random)
      if (clock.monotonicMs() + delayMs >= giveUpAtMs) return { attempt, mayHaveHappened } // H3
      await sleep(clock, delayMs)
      onRetry(attempt.cause)
    }
  }
}
