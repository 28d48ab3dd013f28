import type { Answer, PlaceAnswer } from '../../http/client.ts'
import type { OrderData, StockData } from '../../http/types.ts'

export interface TallyCounts {
  /** Lookups of stocks that do not exist, those that the test mode makes up included. */
  readonly lookupsRefused: number
  readonly lookupsUnanswered: number
  readonly accepted: number
  readonly refused: number
  /** Orders whose outcome nobody knows. */
  readonly unanswered: number
  readonly verified: number
  readonly queriesUnanswered: number
  /** One sentence each. */
  readonly nonMatches: readonly string[]
}

/** Counts all results that the traders of one run get. */
export class Tally {
  #lookupsRefused = 0
  #lookupsUnanswered = 0
  #accepted = 0
  #refused = 0
  #unanswered = 0
  #verified = 0
  #queriesUnanswered = 0
  readonly #nonMatches: string[] = []
  readonly #numbers = new Set<number>()

  lookedUp(answer: Answer<StockData>): void {
    if (answer.kind === 'refused') this.#lookupsRefused += 1
    if (answer.kind === 'unknown') this.#lookupsUnanswered += 1
  }

  /** Counts a trade. Two accepted orders never share a number. */
  traded(answer: PlaceAnswer): void {
    if (answer.kind === 'refused') this.#refused += 1
    if (answer.kind === 'unknown') this.#unanswered += 1
    if (answer.kind !== 'ok') return
    this.#accepted += 1
    if (this.#numbers.has(answer.number)) this.#nonMatches.push(`number ${answer.number} was given to two orders`)
    this.#numbers.add(answer.number)
  }

  queried(order: OrderData, answer: Answer<OrderData>): void {
    if (answer.kind === 'unknown') this.#queriesUnanswered += 1
    else if (answer.kind === 'refused') this.#nonMatches.push(`order ${order.number}: ${answer.message}`)
    else if (sameOrder(order, answer.value)) this.#verified += 1
    else this.#nonMatches.push(`order ${order.number}: placed ${describe(order)}, found ${describe(answer.value)}`)
  }

  counts(): TallyCounts {
    return {
      lookupsRefused: this.#lookupsRefused,
      lookupsUnanswered: this.#lookupsUnanswered,
      accepted: this.#accepted,
      refused: this.#refused,
      unanswered: this.#unanswered,
      verified: this.#verified,
      queriesUnanswered: this.#queriesUnanswered,
      nonMatches: [...this.#nonMatches],
    }
  }
}

const sameOrder = (a: OrderData, b: OrderData): boolean =>
  a.number === b.number && a.name === b.name && a.type === b.type && a.quantity === b.quantity

const describe = ({ number, type, quantity, name }: OrderData): string => `${type} ${quantity} ${name} as ${number}`
