import { setTimeout as sleep } from 'node:timers/promises'
import { ERRORS } from '../../src/domain/errors.ts'
import { CLIENT_KEY_PREFIX, type RejectionReason } from '../../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { BazaarClient, type OrderToPlace, type PlaceAnswer } from '../../src/http/client.ts'
import { REJECTION_ERRORS } from '../../src/wire/outcome-codes.ts'
import type { Operation, Place, PlaceOutcome } from '../checkers/history.ts'
import type { SeededRandom } from '../checkers/seeded-random.ts'
import { readOrder, readStock, type Recording } from './recording.ts'

/** How long a try waits. A front end takes less to say that it does not know. */
const ATTEMPT_MS = 7_000
const THINK_MAX_MS = 12
const AFTER_UNKNOWN_MS = 40
const LIST_MAX = 40
const LAST_ORDER_MS = 60_000
const NAMES = [...OPENING_CATALOGUE.map(({ name }) => name), 'no such stock']

interface KeyedOrder extends OrderToPlace {
  readonly key: string
}

/** A client. It makes a call at a time through any front end. When it got no answer to an order, it repeats it with its key. */
export class RecordedClient {
  readonly #id: number
  readonly #random: SeededRandom
  readonly #recording: Recording
  readonly #connections: readonly BazaarClient[]
  /** True when it sometimes repeats an answered order, or sends its key with another order. */
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
    const recorded = await this.#recording.record(call, async () => {
      const outcome = this.#placeOutcome(await this.#connection().place(order, { key }))
      if (outcome.kind === 'accepted') {
        const { name, type, quantity } = order
        this.#recording.acknowledged.set(outcome.number, { number: outcome.number, name, type, quantity })
        this.#highestNumber = Math.max(this.#highestNumber, outcome.number)
      }
      return outcome satisfies Place['outcome']
    })
    this.#noted(recorded)
    return recorded.outcome
  }

  #placeOutcome(answer: PlaceAnswer): PlaceOutcome {
    if (answer.kind === 'ok') return { kind: 'accepted', number: answer.number }
    if (answer.kind === 'unknown') return this.#recording.unknownBecause(answer.cause)
    if (answer.status === ERRORS.KEY_REUSED.status) return { kind: 'key-reused' }
    const reason = REASONS.get(answer.message)
    return reason ? { kind: 'rejected', reason } : this.#recording.refused(answer)
  }

  async #readStock(): Promise<void> {
    this.#noted(await readStock(this.#recording, this.#connection(), this.#random.pick(NAMES)))
  }

  /** Asks for all stocks. The answer counts as a read of each of them. */
  async #readStocks(): Promise<void> {
    const { operations } = this.#recording
    const start = performance.now()
    const answer = await this.#connection().stocks()
    const end = performance.now()
    const listed = this.#recording.found(answer, ({ stocks }) => ({ kind: 'found', stocks }) as const)
    this.#settled(start, end, listed.kind !== 'unknown')
    if (listed.kind === 'unknown') return
    const stocks = listed.kind === 'found' ? listed.stocks : []
    for (const { name, price, quantity, volume } of stocks) {
      operations.push({ kind: 'stock', name, start, end, outcome: { kind: 'found', price, quantity, volume } })
    }
    for (const { name } of OPENING_CATALOGUE) {
      const isListed = stocks.some((stock) => stock.name === name)
      if (!isListed) operations.push({ kind: 'stock', name, start, end, outcome: { kind: 'not-found' } })
    }
  }

  async #readOrder(): Promise<void> {
    const known = this.#highestNumber + 3
    const number = this.#random.chance(0.3) ? known - this.#random.integer(0, 6) : this.#random.integer(0, known)
    this.#noted(await readOrder(this.#recording, this.#connection(), Math.max(0, number)))
  }

  async #list(): Promise<void> {
    const limit = this.#random.integer(1, LIST_MAX)
    const after = Math.max(-1, this.#highestNumber - this.#random.integer(0, LIST_MAX))
    const recorded = await this.#recording.record({ kind: 'list', after, limit }, async () => {
      const answer = await this.#connection().orders({ after, limit })
      const outcome = this.#recording.found(answer, ({ orders }) => ({ kind: 'found' as const, orders }))
      return outcome.kind === 'not-found' ? this.#recording.refused(answer) : outcome
    })
    this.#noted(recorded)
  }

  /** Returns a connection to any front end. */
  #connection(): BazaarClient {
    return this.#random.pick(this.#connections)
  }

  #noted({ outcome, start, end }: { outcome: Operation['outcome']; start: number; end: number }): void {
    this.#settled(start, end, outcome.kind !== 'unknown')
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
