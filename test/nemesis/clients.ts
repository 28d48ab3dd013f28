import { setTimeout as sleep } from 'node:timers/promises'
import { ERRORS } from '../../src/domain/errors.ts'
import { CLIENT_KEY_PREFIX, type RejectionReason } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { BazaarClient, type Answer, type OrderToPlace, type PlaceAnswer } from '../../src/http/client.ts'
import type { OrderData } from '../../src/http/types.ts'
import { REJECTION_ERRORS } from '../../src/rpc/outcome-codes.ts'
import type { Operation, Place, PlaceOutcome, StockRead } from '../checkers/history.ts'
import type { SeededRandom } from '../checkers/seeded-random.ts'

/** Longer than a front end takes to say that it does not know. */
const ATTEMPT_MS = 7_000
const THINK_MAX_MS = 12
const AFTER_UNKNOWN_MS = 40
const LIST_MAX = 40
const LAST_ORDER_MS = 15_000
const NAMES = [...OPENING_CATALOGUE.map(({ name }) => name), 'no such stock']

/** A time during which one client had no definite answer, in ms of `performance.now()`. */
export interface Pause {
  readonly startMs: number
  readonly endMs: number
}

/** What the clients of one system saw. */
export class Recording {
  readonly operations: Operation[] = []
  readonly acknowledged = new Map<number, OrderData>()
  readonly pauses: Pause[] = []
  /** Answers that no fault excuses, such as a 500. */
  readonly wrong: string[] = []
}

interface KeyedOrder extends OrderToPlace {
  readonly key: string
}

/** One client: a call at a time through any front end; what it could not learn it asks again, with the same key. */
export class RecordedClient {
  readonly #id: number
  readonly #random: SeededRandom
  readonly #recording: Recording
  readonly #connections: readonly BazaarClient[]
  /** Whether an order is sometimes sent again although it is answered, or its key with another order. */
  readonly #repeatsAnswered: boolean
  readonly #over: Promise<void>
  #keys = 0
  #unknown: KeyedOrder | undefined
  #answered: KeyedOrder | undefined
  #highestNumber = 0
  #waitingSinceMs: number | undefined
  #stopping = false

  constructor(
    id: number,
    frontEnds: readonly string[],
    recording: Recording,
    random: SeededRandom,
    options: { readonly repeatsAnswered: boolean },
  ) {
    this.#id = id
    this.#random = random
    this.#recording = recording
    this.#repeatsAnswered = options.repeatsAnswered
    this.#connections = frontEnds.map((address) => {
      const [host = '', port] = address.split(':')
      return new BazaarClient({ host, port: Number(port), timeoutMs: ATTEMPT_MS, retryForMs: 0 })
    })
    this.#over = this.#run()
  }

  /** Lets it learn the outcome of its last order. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#over
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#call()
      await sleep(this.#random.next() * THINK_MAX_MS)
    }
    const giveUpMs = performance.now() + LAST_ORDER_MS
    while (this.#unknown && performance.now() < giveUpMs) await this.#place(this.#unknown)
    const { key } = this.#unknown ?? {}
    if (key !== undefined) this.#recording.wrong.push(`client ${this.#id} never learned what became of ${key}`)
    for (const connection of this.#connections) connection.close()
  }

  async #call(): Promise<void> {
    const choice = this.#random.next()
    if (choice < 0.5 || this.#unknown) await this.#place(this.#unknown ?? this.#nextOrder())
    else if (choice < 0.75) await this.#readStock()
    else if (choice < 0.8) await this.#readStocks()
    else if (choice < 0.95) await this.#readOrder()
    else await this.#list()
  }

  #nextOrder(): KeyedOrder {
    const answered = this.#answered
    if (answered && this.#repeatsAnswered && this.#random.chance(0.06)) {
      return this.#random.chance(0.7) ? answered : { ...answered, quantity: answered.quantity + 1 }
    }
    const [name, type] = [this.#random.pick(NAMES), this.#random.chance(0.55) ? 'buy' : 'sell']
    const quantity = this.#random.chance(0.08) ? this.#random.integer(0, 3_000) : this.#random.integer(1, 60)
    return { name, type, quantity, key: `n${this.#id}-${++this.#keys}` }
  }

  async #place(order: KeyedOrder): Promise<void> {
    // Impatient clients send an order twice at the same time, through any front end.
    const copies = this.#repeatsAnswered && this.#random.chance(0.05) ? 2 : 1
    const sent = Array.from({ length: copies }, () => this.#placeOnce(order))
    const outcomes = await Promise.all(sent)
    const outcome = outcomes.find(({ kind }) => kind !== 'unknown')
    this.#unknown = outcome ? undefined : order
    if (!outcome) return void (await sleep(AFTER_UNKNOWN_MS))
    if (outcome.kind !== 'key-reused') this.#answered = order
  }

  async #placeOnce({ key, ...order }: KeyedOrder): Promise<PlaceOutcome> {
    const call = { kind: 'place', key: CLIENT_KEY_PREFIX + key, ...order } as const
    return this.#record(call, async (connection) => {
      const outcome = this.#placeOutcome(await connection.place(order, { key }))
      if (outcome.kind === 'accepted') {
        const { name, type, quantity } = order
        this.#recording.acknowledged.set(outcome.number, { number: outcome.number, name, type, quantity })
        this.#highestNumber = Math.max(this.#highestNumber, outcome.number)
      }
      return outcome satisfies Place['outcome']
    })
  }

  #placeOutcome(answer: PlaceAnswer): PlaceOutcome {
    if (answer.kind === 'ok') return { kind: 'accepted', number: answer.number }
    if (answer.kind === 'unknown') return this.#unknownBecause(answer.cause)
    if (answer.status === ERRORS.KEY_REUSED.status) return { kind: 'key-reused' }
    const reason = REASONS.get(answer.message)
    return reason ? { kind: 'rejected', reason } : this.#unknownBecause(`500 for a refusal: ${JSON.stringify(answer)}`)
  }

  async #readStock(): Promise<void> {
    const name = this.#random.pick(NAMES)
    await this.#record({ kind: 'stock', name }, async (connection) => {
      const answer = await connection.stock(name)
      return this.#found(answer, ({ price, quantity }) => ({ kind: 'found', price, quantity }))
    })
  }

  /** One answer that speaks of all stocks is a read of each. */
  async #readStocks(): Promise<void> {
    const start = performance.now()
    const answer = await this.#random.pick(this.#connections).stocks()
    const end = performance.now()
    this.#settled(start, end, answer.kind === 'ok')
    if (answer.kind !== 'ok') return
    for (const { name, price, quantity, volume } of answer.value.stocks) {
      const outcome = { kind: 'found', price, quantity, volume } satisfies StockRead['outcome']
      this.#recording.operations.push({ kind: 'stock', name, start, end, outcome })
    }
  }

  async #readOrder(): Promise<void> {
    const known = this.#highestNumber + 3
    const number = this.#random.chance(0.3) ? known - this.#random.integer(0, 6) : this.#random.integer(0, known)
    await this.#record({ kind: 'order', number: Math.max(0, number) }, async (connection) => {
      const answer = await connection.order(Math.max(0, number))
      return this.#found(answer, ({ name, type, quantity }) => ({ kind: 'found', name, type, quantity }))
    })
  }

  async #list(): Promise<void> {
    const limit = this.#random.integer(1, LIST_MAX)
    const after = Math.max(-1, this.#highestNumber - this.#random.integer(0, LIST_MAX))
    await this.#record({ kind: 'list', after, limit }, async (connection) => {
      const answer = await connection.orders({ after, limit })
      const outcome = this.#found(answer, ({ orders }) => ({ kind: 'found' as const, orders }))
      return outcome.kind === 'not-found' ? this.#unknownBecause('500 a list was not found') : outcome
    })
  }

  #found<T, F>(answer: Answer<T>, outcomeOf: (value: T) => F): F | { kind: 'not-found' } | { kind: 'unknown' } {
    if (answer.kind === 'ok') return outcomeOf(answer.value)
    if (answer.kind === 'unknown') return this.#unknownBecause(answer.cause)
    if (answer.status === 404) return { kind: 'not-found' }
    return this.#unknownBecause(`500 for a refusal: ${JSON.stringify(answer)}`)
  }

  #unknownBecause(cause: string): { kind: 'unknown' } {
    if (cause.startsWith('500')) this.#recording.wrong.push(`client ${this.#id}: ${cause}`)
    return { kind: 'unknown' }
  }

  /** Makes the call through any front end and notes when it began and ended. */
  async #record<O extends Operation['outcome']>(
    call: object,
    run: (connection: BazaarClient) => Promise<O>,
  ): Promise<O> {
    const start = performance.now()
    const outcome = await run(this.#random.pick(this.#connections))
    const now = performance.now()
    const definite = outcome.kind !== 'unknown'
    this.#settled(start, now, definite)
    this.#recording.operations.push({ ...call, start, end: definite ? now : Infinity, outcome } as Operation)
    return outcome
  }

  #settled(startMs: number, endMs: number, definite: boolean): void {
    this.#waitingSinceMs ??= startMs
    if (!definite) return
    this.#recording.pauses.push({ startMs: this.#waitingSinceMs, endMs })
    this.#waitingSinceMs = undefined
  }
}

const REASONS: ReadonlyMap<string, RejectionReason> = new Map(
  Object.entries(REJECTION_ERRORS).map(([reason, error]) => [ERRORS[error].message, reason as RejectionReason]),
)
