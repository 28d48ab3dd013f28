import type { Entry, RejectionReason } from '../../src/domain/order.ts'

/** One request of a client and what came of it. Times are in any unit, of one monotonic clock for the whole history. */
interface Call {
  /** Just before the request was sent. */
  readonly start: number
  /** Just after the answer was read; Infinity when there was none. */
  readonly end: number
}

/** The contents of an order. */
export interface Content {
  readonly name: string
  readonly type: string
  readonly quantity: number
}

/** The outcome without a definite answer: a 503, a timeout, a lost connection. */
interface Unknown {
  readonly kind: 'unknown'
}

interface NotFound {
  readonly kind: 'not-found'
}

/** `POST /orders`. The same key may be in several calls: retries and duplicates. */
export interface Place extends Call, Content {
  readonly kind: 'place'
  /** The key as the log has it, with its namespace. */
  readonly key: string
  readonly outcome: PlaceOutcome
}

export type PlaceOutcome =
  | { readonly kind: 'accepted'; readonly number: number }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason }
  | { readonly kind: 'key-reused' }
  | Unknown

/** `GET /stocks/<name>`, or one stock of `GET /stocks`, which also tells the volume. */
export interface StockRead extends Call {
  readonly kind: 'stock'
  readonly name: string
  readonly outcome: StockFound | NotFound | Unknown
}

export interface StockFound {
  readonly kind: 'found'
  /** In dollars, with 2 decimals. */
  readonly price: number
  readonly quantity: number
  readonly volume?: number
}

/** `GET /orders/<number>` */
export interface OrderRead extends Call {
  readonly kind: 'order'
  readonly number: number
  readonly outcome: (Content & { readonly kind: 'found' }) | NotFound | Unknown
}

/** `GET /orders?after=N&limit=M` */
export interface ListRead extends Call {
  readonly kind: 'list'
  /** The list has the orders with a number above this. -1 asks for all. */
  readonly after: number
  readonly limit: number
  readonly outcome: OrdersListed | Unknown
}

export interface OrdersListed {
  readonly kind: 'found'
  readonly orders: readonly (Content & { readonly number: number })[]
}

export type Operation = Place | StockRead | OrderRead | ListRead

/** One entry of the final log, as a replica or the catalogue holds it after the last call. */
export interface LogEntry extends Content, Pick<Entry, 'number' | 'key'> {}

export const sameContent = (one: Content, other: Content): boolean =>
  one.name === other.name && one.type === other.type && one.quantity === other.quantity

/** Describes an operation in one line, for people who look for a mistake. */
export function describe(operation: Operation): string {
  return `${subjectOf(operation)} [${operation.start} to ${operation.end}] -> ${wordsOf(operation.outcome)}`
}

function subjectOf(operation: Operation): string {
  switch (operation.kind) {
    case 'place':
      return `${operation.type} ${operation.quantity} ${operation.name}, key ${operation.key}`
    case 'stock':
      return `stock ${operation.name}`
    case 'order':
      return `order ${operation.number}`
    case 'list':
      return `up to ${operation.limit} orders after ${operation.after}`
  }
}

function wordsOf({ kind, ...facts }: Operation['outcome']): string {
  const words = Object.values(facts).map((fact) => (typeof fact === 'object' ? JSON.stringify(fact) : String(fact)))
  return [kind, ...words].join(' ')
}
