import type { LiveEvents, OrderRow, StockRow } from '../../http/live.ts'
import type { Stock } from '../../domain/stock.ts'
import type { Entry, StockView } from '../../wire/messages.ts'

/** Returns an event as it is sent; with an id if readers are to say it when they come again. */
export function eventText<E extends keyof LiveEvents>(event: E, data: LiveEvents[E], id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The first line of a stream: how long a reader waits before it comes again. */
export const retryText = (ms: number): string => `retry: ${ms}\n\n`

/** A comment, which shows that the stream is alive. */
export const ALIVE = Buffer.from(': still here\n\n')

export const orderRow = ({ number, name, type, quantity, timeMs, generation }: Entry): OrderRow => [
  number,
  name,
  type as OrderRow[2],
  quantity,
  timeMs,
  generation,
]

export const stockRow = ({ name, priceCents, quantity, volume }: Stock | StockView): StockRow => [name, priceCents, quantity, volume]

/** The place in the stream at which a reader wants to go on. */
export interface ResumePoint {
  readonly history: string
  /** The last order that it has got. */
  readonly number: number
}

/** Returns the id of an `orders` event. */
export const idOf = ({ history, number }: ResumePoint): string => `${history}-${number}`

/** Reads a Last-Event-ID. Returns undefined when it is none of ours. */
export function parseId(text: string): ResumePoint | undefined {
  const [, history, digits] = /^([0-9A-Za-z.]{1,32})-([0-9]{1,15})$/.exec(text) ?? []
  return history === undefined ? undefined : { history, number: Number(digits) }
}
