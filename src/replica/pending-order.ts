import type { OrderRequest } from '../domain/order.ts'

/** How one order ended: its number, or a negative code of outcome-codes.ts. */
export interface Settlement {
  readonly number: number
  readonly replayed: boolean
}

/** An order that somebody waits for. */
export interface PendingOrder {
  readonly request: OrderRequest
  /** Called once. */
  readonly settle: (settlement: Settlement) => void
}
