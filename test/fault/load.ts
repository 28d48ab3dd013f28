import { randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { CLIENT_PATIENCE_MS, RETRY_MS as LAST_TRY_MS } from '../../src/frontend/patience.ts'
import type { OrderData, PlacedData } from '../../src/http/types.ts'
import { ask, order, type HttpAnswer } from '../contract/conformance/http.ts'
import { HOPELESS_MS } from './process.ts'

export interface LoadOptions {
  /** The number of clients that trade all the time, with one connection each. */
  readonly clients?: number
  /** Probability that a round trades after its lookup, 0..1. */
  readonly probability?: number
}

/** An answer or a failure that a client saw on its way to the final answer. */
export interface SeenError {
  readonly atMs: number
  /** How long the client had waited for this answer. */
  readonly waitedMs: number
  readonly request: string
  /** HTTP status; 0 for a connection that was refused, reset or silent. */
  readonly status: number
  readonly message: string
}

export interface LoadReport {
  readonly acknowledged: readonly OrderData[]
  readonly rejected: number
  /** Every 503 and every failed connection; each was repeated. */
  readonly errors: readonly SeenError[]
  /** Answers that no fault excuses: a lost order, another content, a 500. */
  readonly wrong: readonly string[]
}

const RETRY_MS = 20

/** Clients that look up, trade and read back until stopped. */
export class Load {
  readonly acknowledged: OrderData[] = []
  readonly errors: SeenError[] = []
  readonly wrong: string[] = []
  #rejected = 0
  #stopping = false
  readonly #clients: Promise<void>[]
  readonly #frontEnd: () => string
  readonly #probability: number

  constructor(frontEnd: () => string, { clients = 5, probability = 0.8 }: LoadOptions) {
    this.#frontEnd = frontEnd
    this.#probability = probability
    this.#clients = Array.from({ length: clients }, () => this.#client())
  }

  /** Waits until `count` more orders have been acknowledged from now on. */
  async untilAcknowledged(count: number): Promise<void> {
    const goal = this.acknowledged.length + count
    const deadline = performance.now() + HOPELESS_MS
    while (this.acknowledged.length < goal) {
      if (performance.now() > deadline) throw new Error(`no ${count} orders in time; last error: ${JSON.stringify(this.errors.at(-1))}`)
      await sleep(RETRY_MS)
    }
  }

  /** Lets each client finish what it has begun. */
  async stop(): Promise<LoadReport> {
    this.#stopping = true
    await Promise.all(this.#clients)
    const { acknowledged, errors, wrong } = this
    return { acknowledged, errors, wrong, rejected: this.#rejected }
  }

  async #client(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      while (!this.#stopping) await this.#round(agent)
    } finally {
      agent.destroy()
    }
  }

  async #round(agent: Agent): Promise<void> {
    const { name } = anyOf(OPENING_CATALOGUE)
    const looked = await this.#untilAnswered(`look up ${name}`, () => ask(this.#frontEnd(), `/stocks/${name}`, { agent }))
    if (looked && looked.status !== 200) this.wrong.push(`look up ${name}: ${looked.status} ${looked.text}`)
    if (Math.random() >= this.#probability) return
    const wanted = { name, type: anyOf(['buy', 'sell']), quantity: 1 + Math.floor(Math.random() * 20) }
    const number = await this.#trade(wanted, agent)
    if (number !== undefined && Math.random() < 0.2) await this.#readBack({ number, ...wanted }, agent)
  }

  async #trade(wanted: Omit<OrderData, 'number'>, agent: Agent): Promise<number | undefined> {
    const headers = { 'idempotency-key': randomUUID() }
    const answer = await this.#untilAnswered('trade', () => order(this.#frontEnd(), wanted, { agent, headers }))
    if (answer?.status === 200) {
      const number = (answer.body as { data: PlacedData }).data.transaction_number
      this.acknowledged.push({ number, ...wanted })
      return number
    }
    if (answer?.status === 400 && answer.text.includes('not enough stocks')) this.#rejected++
    else if (answer) this.wrong.push(`trade ${JSON.stringify(wanted)}: ${answer.status} ${answer.text}`)
    return undefined
  }

  async #readBack({ number, name, type, quantity }: OrderData, agent: Agent): Promise<void> {
    const answer = await this.#untilAnswered(`read ${number}`, () => ask(this.#frontEnd(), `/orders/${number}`, { agent }))
    const expected = { data: { number, name, type, quantity } }
    if (answer && !isDeepStrictEqual(answer.body, expected)) {
      this.wrong.push(`read ${number}: ${answer.status} ${answer.text}, acknowledged ${JSON.stringify(expected)}`)
    }
  }

  /** Repeats a request with the same key while the answer is "not now" (503, no connection). */
  async #untilAnswered(request: string, send: () => Promise<HttpAnswer>): Promise<HttpAnswer | undefined> {
    const startedMs = performance.now()
    for (;;) {
      const sentMs = performance.now()
      const answer = await send().catch((error: Error) => error)
      const [atMs, tookMs] = [performance.now(), performance.now() - startedMs]
      if (!(answer instanceof Error) && answer.status !== 503) return answer
      const [status, message] = answer instanceof Error ? [0, answer.message] : [answer.status, answer.text]
      this.errors.push({ atMs: Math.round(atMs), waitedMs: Math.round(atMs - sentMs), request, status, message })
      if (tookMs > HOPELESS_MS) {
        this.wrong.push(`${request}: no answer in ${Math.round(tookMs)} ms, last ${status} ${message}`)
        return undefined
      }
      await sleep(RETRY_MS)
    }
  }
}

/** Starts clients against one front end, or against the one that `frontEnd` names at each request. */
export function load(cluster: { readonly frontEnd: string }, options: LoadOptions = {}): Load {
  return new Load(() => cluster.frontEnd, options)
}

/** Says whether a busy machine excuses an answer: a 503 that was given when the front end's patience was over. */
export const isLate = ({ status, waitedMs }: Pick<SeenError, 'status' | 'waitedMs'>): boolean =>
  status === 503 && waitedMs >= CLIENT_PATIENCE_MS - 2 * LAST_TRY_MS

/** Returns the errors of a report. Throws when one of them is not {@link isLate late}. */
export function lateAnswers({ errors }: LoadReport): readonly SeenError[] {
  const hasty = errors.filter((error) => !isLate(error))
  if (hasty.length > 0) throw new Error(`errors that nothing excuses: ${JSON.stringify(hasty)}`)
  return errors
}

function anyOf<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)] as T
}
